"""The settings that ``from slipway.settings import *`` adds to a project, and which wins where it sets one too.

line          what the project has set itself, also where two modules of a settings package have the line
kinds         which of these have to be lists, or a dictionary
apps          INSTALLED_APPS, MIDDLEWARE
static        static files: bundled, hashed, on the CDN
uploads       STORAGES and MEDIA_URL
front_end     django-vite, without Vite's development server
startproject  what `startproject` writes, replaced in production
https         headers and cookies, each the project's own where it has one
dangerous     values that would weaken the site: ignored, unless site.yml waives them
csp           a Content-Security-Policy for a project that has none

In production (SLIPWAY_ENV=production, see slipway.web.switch) Slipway replaces what `startproject` writes for
development, and the settings of static files and uploads; everything else that the project sets itself wins. In
development it sets nearly nothing.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from slipway.web import stores, switch
from slipway.web.settings import apps, dangerous, default_csp, front_end, https, kinds, startproject, static, uploads
from slipway.web.settings.line import Line


def values(project: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings for a module whose names so far are ``project``.

    Raises ImproperlyConfigured where the module has no INSTALLED_APPS yet, a setting is of another kind, or a variable
    is missing in the environment.
    """
    if "INSTALLED_APPS" not in project:
        raise ImproperlyConfigured(
            f"{project.get('__name__', 'settings')}: `from slipway.settings import *` must be the last line of a "
            "settings module, below its INSTALLED_APPS"
        )
    own = Line.before(project)
    kinds.check(own)
    production = switch.production(environ)
    given: dict[str, Any] = {
        "SLIPWAY_OFFLOAD": production,
        # Whether a CDN pulls the static files from the site itself, instead of their being pushed to a bucket.
        "SLIPWAY_PULL": production and not stores.current(environ).push,
        "SITE_URL": environ.get("SITE_URL", "") if production else environ.get("SITE_URL", "http://localhost:8000"),
    }
    if production:
        _require(environ, "SITE_URL", "STATIC_URL", "MEDIA_URL", "AWS_STORAGE_BUCKET_NAME", "AWS_DEFAULT_REGION")
        own = dangerous.without(own, environ)
        given |= startproject.settings(own, environ) | https.settings(own, environ) | front_end.settings(own)
    given |= static.settings(own, environ, production=production)
    given |= uploads.settings(own, environ, production=production)
    given |= default_csp.sources(environ, production=production)
    given |= apps.settings({**own, **given}, environ, production=production)
    return given | {"SLIPWAY_LINE": Line.after(project, given)}


def _require(environ: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not environ.get(name):
            raise ImproperlyConfigured(f"{name} is not set; in production the environment has it from site.yml")
