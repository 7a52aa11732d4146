"""INSTALLED_APPS and MIDDLEWARE: the project's, and ours around them."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from slipway.web.settings import default_csp

SECURITY = "django.middleware.security.SecurityMiddleware"
SIGN_IN_TRIES = "10"  # wrong passwords that an account takes in a minute


def settings(settings: Mapping[str, Any], environ: Mapping[str, str], *, production: bool) -> dict[str, Any]:
    """``settings`` are the project's own and those that Slipway has set already."""
    apps, middleware = list(settings["INSTALLED_APPS"]), list(settings.get("MIDDLEWARE", ()))
    # Before staticfiles, so that its collectstatic is the one that runs. Not in a release.
    first = ["slipway.tool"] if find_spec("slipway.tool") else []
    outer, last = [], []
    if _has_accounts(apps, settings.get("DATABASES", {})):
        # Before any other app imports authenticate() by name.
        first.insert(0, "slipway.web.sign_in")
        outer.append("slipway.web.sign_in.middleware.SignInMiddleware")
        last.append("slipway.web.sign_in.middleware.TooManyTriesMiddleware")
    if settings["SLIPWAY_PULL"]:
        outer.append("slipway.web.pull.middleware.PulledStatic")
    if production:
        # Around whatever sends a Content-Security-Policy.
        outer.append("slipway.web.inline_bundles.InlineBundles")
        # It sends HSTS and the referrer policy.
        outer += [*default_csp.middleware(settings), SECURITY]
        # nginx is in front. Before what may change a response's length.
        outer.insert(0, "slipway.web.streaming.StreamingMiddleware")
        # Before whatever of a project may log.
        outer.insert(0, "slipway.web.request_id.RequestIdMiddleware")
        # Before whatever asks the database.
        outer.insert(0, "slipway.web.database.middleware.DatabaseAwayMiddleware")
    # Before anything that redirects or requires a login.
    outer.insert(0, "slipway.web.health.HealthMiddleware")
    return {
        "INSTALLED_APPS": _around(apps, [*first, "slipway.web"], ["compressor"]),
        "MIDDLEWARE": _around(middleware, outer, last),
        "SLIPWAY_SIGN_IN_TRIES": int(environ.get("SLIPWAY_SIGN_IN_TRIES", SIGN_IN_TRIES)),
    }


def _around(own: list[str], before: list[str], after: list[str]) -> list[str]:
    return [each for each in before if each not in own] + own + [each for each in after if each not in own]


def _has_accounts(apps: list[str], databases: Mapping[str, Any]) -> bool:
    """Whether there are passwords to guess, and a database to count the wrong ones in."""
    engine = databases.get("default", {}).get("ENGINE", "")
    accounts = any(app.startswith("django.contrib.auth") for app in apps)
    return accounts and bool(engine) and not engine.endswith(".dummy")
