"""The site's settings. Everything that differs between machines comes from the environment."""

from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# For development, as `startproject` writes them; in production the line below replaces these three.
# https://docs.djangoproject.com/en/5.2/ref/settings/#debug
DEBUG = True
# https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key
SECRET_KEY = "django-insecure-for-development-only"
# https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts
ALLOWED_HOSTS = []

# Applications
# https://docs.djangoproject.com/en/5.2/ref/settings/#installed-apps
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "wall",
]

# https://docs.djangoproject.com/en/5.2/ref/settings/#middleware
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "photowall.urls"
WSGI_APPLICATION = "photowall.wsgi.application"

# https://docs.djangoproject.com/en/5.2/ref/settings/#templates
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Database
# https://docs.djangoproject.com/en/5.2/ref/settings/#databases
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Signing in
# https://docs.djangoproject.com/en/5.2/ref/settings/#auth
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "wall:index"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Language and time
# https://docs.djangoproject.com/en/5.2/topics/i18n/
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# The assets that belong to no app
# https://docs.djangoproject.com/en/5.2/ref/settings/#staticfiles-dirs
STATICFILES_DIRS = [BASE_DIR / "assets"]

# Security
# https://docs.djangoproject.com/en/5.2/ref/middleware/#module-django.middleware.security
# HSTS is for this host only. The domain's other hosts and the preload list are your decision: both are hard to revert.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
# https://docs.djangoproject.com/en/5.2/ref/settings/#session-cookie-httponly
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Mail
# https://django-environ.readthedocs.io/en/latest/types.html#environ-env-email-url
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)

# Static files, media and the CDN; last, because it uses the settings above.
from slipway.settings import *  # noqa: E402, F403

# A strict Content-Security-Policy: no inline script without the response's nonce, no eval.
# https://django-csp.readthedocs.io/en/latest/configuration.html
_static, _media, _upload = (SLIPWAY_SOURCES[name] for name in ("static", "media", "upload"))  # noqa: F405
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # 'self' for the admin's translations, which Django generates.
        "script-src": [_static, SELF, NONCE],
        "style-src": [_static, NONCE],
        "font-src": [_static],
        "manifest-src": [_static],
        # blob: is the preview of a photo that has not been uploaded yet.
        "img-src": [_static, _media, "data:", "blob:"],
        "connect-src": [SELF, _upload],
        "form-action": [SELF, _upload],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
