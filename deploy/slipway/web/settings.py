"""Offload settings. A project takes them with one line, the last of its settings module:

    from slipway.settings import *

With SLIPWAY_ENV=production in the environment, which builds and servers set from site.yml, assets are bundled and on
the CDN, uploads in the bucket, DEBUG off. Without it nothing of that is loaded, whatever else a shell or a .env file
says, and `runserver` works as Django's documentation says.

What the project sets itself and this module must build on (INSTALLED_APPS, MIDDLEWARE) is read from
the settings module, which is why the line stands last.
"""

import os as _os
import sys as _sys
from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from urllib.parse import urlsplit as _urlsplit
from warnings import warn as _warn

import environ as _environ
from csp.constants import NONCE as _NONCE
from csp.constants import NONE as _NONE
from csp.constants import SELF as _SELF
from django.core.exceptions import ImproperlyConfigured as _ImproperlyConfigured

from slipway import ROOT as _ROOT
from slipway.web import stores as _stores
from slipway.web import switch as _switch
from slipway.web.media.endpoint import upload_origin as _upload_origin
from slipway.web.objects import IMMUTABLE as _IMMUTABLE
from slipway.web.prefixes import PUBLIC_PREFIX as _PUBLIC_PREFIX

_env = _environ.Env()
_project = _sys.modules.get(_os.environ.get("DJANGO_SETTINGS_MODULE", ""))
if not hasattr(_project, "INSTALLED_APPS"):
    raise _ImproperlyConfigured(
        "`from slipway.settings import *` must be the last line of the module that "
        f"DJANGO_SETTINGS_MODULE names ({_os.environ.get('DJANGO_SETTINGS_MODULE', 'unset')})"
    )

SLIPWAY_OFFLOAD = _switch.production(_os.environ)
# Whether a CDN pulls the static files from the site itself, instead of their being pushed to a bucket.
SLIPWAY_PULL = SLIPWAY_OFFLOAD and not _stores.here().push

# Where collectstatic pushes to; the web process never asks it.
SLIPWAY_STATIC_BUCKET = _env.str("SLIPWAY_STATIC_BUCKET", default="")

# Names that go up without a hash, as glob patterns: browsers and robots ask for these by heart.
# A project adds its own, for files that load their siblings by plain name.
SLIPWAY_UNHASHED = [
    "favicon.ico",
    "robots.txt",
    *getattr(_project, "SLIPWAY_UNHASHED", []),
    *getattr(_project, "SLIPWAY_STABLE_NAMES", []),
]
if hasattr(_project, "SLIPWAY_STABLE_NAMES"):
    _warn("write SLIPWAY_UNHASHED in place of SLIPWAY_STABLE_NAMES, its older name", FutureWarning, stacklevel=2)

# Before staticfiles, so that its collectstatic is the one that runs. A release goes without it.
_tool = ["slipway.tool"] if _find_spec("slipway.tool") else []
INSTALLED_APPS = [*_tool, "slipway.web", *_project.INSTALLED_APPS]
INSTALLED_APPS += [app for app in ("compressor",) if app not in INSTALLED_APPS]

# /healthz/live and /healthz/ready, before anything that redirects or asks for a login.
MIDDLEWARE = ["slipway.web.health.HealthMiddleware", *getattr(_project, "MIDDLEWARE", [])]

if SLIPWAY_PULL:
    MIDDLEWARE.insert(1, "slipway.web.pull.middleware.PulledStatic")

SLIPWAY_BUILD = _Path(_env.str("SLIPWAY_BUILD", default=str(_ROOT / "build")))
SLIPWAY_MANIFESTS = SLIPWAY_BUILD / "manifests"

# https://docs.djangoproject.com/en/5.2/ref/settings/#static-root
STATIC_ROOT = SLIPWAY_BUILD / "static"

# https://docs.djangoproject.com/en/5.2/ref/settings/#staticfiles-finders
STATICFILES_FINDERS = list(
    getattr(
        _project,
        "STATICFILES_FINDERS",
        [
            "django.contrib.staticfiles.finders.FileSystemFinder",
            "django.contrib.staticfiles.finders.AppDirectoriesFinder",
        ],
    )
)
if "compressor.finders.CompressorFinder" not in STATICFILES_FINDERS:
    STATICFILES_FINDERS.append("compressor.finders.CompressorFinder")

# https://django-compressor.readthedocs.io/en/stable/settings.html
COMPRESS_ENABLED = SLIPWAY_OFFLOAD
COMPRESS_OFFLINE = SLIPWAY_OFFLOAD
COMPRESS_ROOT = STATIC_ROOT
COMPRESS_OFFLINE_MANIFEST = "compress.json"
# Bundles are named by their content; a query string with the file's time would differ by machine.
COMPRESS_CSS_HASHING_METHOD = None
COMPRESS_FILTERS = {
    "css": ["compressor.filters.cssmin.rCSSMinFilter"],
    "js": ["slipway.tool.assets.minify.JsFilter"],
}

# https://docs.djangoproject.com/en/5.2/ref/settings/#storages
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    **getattr(_project, "STORAGES", {}),
    # The alias is spelled so in django-compressor.
    "compressor-offine": {
        "BACKEND": "compressor.storage.CompressorFileStorage",
        "OPTIONS": {"location": str(SLIPWAY_MANIFESTS)},
    },
}

if SLIPWAY_OFFLOAD:
    DEBUG = False

    # https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts
    SITE_URL = _env.str("SITE_URL")
    ALLOWED_HOSTS = [_urlsplit(SITE_URL).hostname]
    CSRF_TRUSTED_ORIGINS = [SITE_URL]

    # What `startproject` writes cannot serve: a key that lies in the repository, and a database file inside a release,
    # which nobody may write there and the next release has not. Any other server stays the project's own affair; what
    # is SQLite all the same a deploy refuses (slipway.tool.databases).
    if "SECRET_KEY" in _os.environ:
        SECRET_KEY = _env.str("SECRET_KEY")
    _databases = getattr(_project, "DATABASES", {})
    if "DATABASE_URL" in _os.environ and "sqlite3" in _databases.get("default", {}).get("ENGINE", "sqlite3"):
        # A connection is kept for a minute: 2.7 to 3 times the pages of one opened for each request.
        DATABASES = {**_databases, "default": {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, **_env.db()}}

    # https://docs.djangoproject.com/en/5.2/ref/settings/#secure-proxy-ssl-header
    # nginx overwrites the header, so that no visitor can set it.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https:")

    # https://docs.djangoproject.com/en/5.2/ref/settings/#logging
    # Without this Django tells nobody of an error: its console handler needs DEBUG.
    LOGGING = getattr(
        _project,
        "LOGGING",
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"stderr": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
        },
    )

    # Failed sign-ins are told there too, one line each, whatever the project's own logging leaves out.
    LOGGING = {
        "version": 1,
        **LOGGING,
        "handlers": {"slipway": {"class": "logging.StreamHandler"}, **LOGGING.get("handlers", {})},
        "loggers": {
            "slipway": {"handlers": ["slipway"], "level": "INFO", "propagate": False},
            **LOGGING.get("loggers", {}),
        },
    }

    # https://docs.djangoproject.com/en/5.2/ref/settings/#static-url
    STATIC_URL = COMPRESS_URL = _env.str("STATIC_URL")
    MEDIA_URL = _env.str("MEDIA_URL")
    STORAGES["staticfiles"] = {"BACKEND": "slipway.web.storage.StaticStorage"}

    # https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html
    AWS_STORAGE_BUCKET_NAME = _env.str("AWS_STORAGE_BUCKET_NAME")
    STORAGES["default"] = {
        "BACKEND": "slipway.web.media.files.FileStorage",
        "OPTIONS": {
            "bucket_name": AWS_STORAGE_BUCKET_NAME,
            "region_name": _env.str("AWS_DEFAULT_REGION"),
            "location": _PUBLIC_PREFIX.removesuffix("/"),
            "default_acl": None,
            "signature_version": "s3v4",
            "object_parameters": {"CacheControl": _IMMUTABLE},
        },
    }
else:
    SITE_URL = _env.str("SITE_URL", default="http://localhost:8000")
    STATIC_URL = COMPRESS_URL = "/static/"
    MEDIA_URL = "/media/"
    MEDIA_ROOT = getattr(_project, "MEDIA_ROOT", "") or _ROOT / "media"

# A limit on guessing passwords, where there are accounts and a database to keep it in: see deploy/slipway/web/sign_in.
# Wrong ones that an account takes in a minute.
SLIPWAY_SIGN_IN_TRIES = _env.int("SLIPWAY_SIGN_IN_TRIES", default=10)
_database = globals().get("DATABASES", getattr(_project, "DATABASES", {})).get("default", {}).get("ENGINE", "")
if (
    _database
    and not _database.endswith(".dummy")
    and any(app.startswith("django.contrib.auth") for app in INSTALLED_APPS)
):
    # First, before any other app takes authenticate() by its name.
    INSTALLED_APPS.insert(0, "slipway.web.sign_in")
    MIDDLEWARE.insert(1, "slipway.web.sign_in.middleware.Visits")
    MIDDLEWARE.append("slipway.web.sign_in.middleware.Refusals")

# https://django-csp.readthedocs.io/en/latest/configuration.html
# In force where the project lists csp.middleware.CSPMiddleware; a view relaxes it with django-csp's
# decorators. Scripts keep 'self' for the admin's translations, which the origin generates.
_static = STATIC_URL if SLIPWAY_OFFLOAD else _SELF
_media = MEDIA_URL if SLIPWAY_OFFLOAD else _SELF
_upload = _upload_origin(_os.environ) if SLIPWAY_OFFLOAD else _SELF
CONTENT_SECURITY_POLICY = getattr(
    _project,
    "CONTENT_SECURITY_POLICY",
    {
        "DIRECTIVES": {
            "default-src": [_NONE],
            "script-src": [_static, _SELF, _NONCE],
            "style-src": [_static, _NONCE],
            "font-src": [_static],
            "manifest-src": [_static],
            # blob: is the preview of a photo that has not been uploaded yet.
            "img-src": [_static, _media, "data:", "blob:"],
            "connect-src": [_SELF, _upload],
            "form-action": [_SELF, _upload],
            "base-uri": [_NONE],
            "frame-ancestors": [_NONE],
            "object-src": [_NONE],
        }
    },
)
