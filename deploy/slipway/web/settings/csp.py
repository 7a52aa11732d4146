"""Content-Security-Policy: one that limits hosts, for a project that has none of its own.

It permits inline scripts and eval, which most packages need. A project can set a strict one, with django-csp or
Django's own SECURE_CSP, from the hosts in SLIPWAY_SOURCES.
"""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from slipway.web.media.endpoint import upload_origin

# Any middleware that sends a policy, by its name.
SENDS_ONE = re.compile(r"csp|content_?security_?policy", re.I)
# A policy's setting → the middleware that sends it. https://docs.djangoproject.com/en/6.0/ref/csp/
SENDERS = {
    "SECURE_CSP": "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "CONTENT_SECURITY_POLICY": "csp.middleware.CSPMiddleware",
}
DEFAULT = "slipway.web.csp.DefaultPolicy"


def sources(environ: Mapping[str, str], *, production: bool) -> dict[str, Any]:
    """SLIPWAY_SOURCES: the hosts that serve static files and uploads, and the one that receives uploads."""
    hosts = dict.fromkeys(("static", "media", "upload"), "'self'")
    if production:
        hosts = {
            "static": environ["STATIC_URL"],
            "media": environ["MEDIA_URL"],
            "upload": upload_origin(environ),
        }
    return {"SLIPWAY_SOURCES": hosts}


def middleware(settings: Mapping[str, Any]) -> list[str]:
    """The middleware that sends the site's policy, where the project lists none."""
    if any(SENDS_ONE.search(each) for each in settings.get("MIDDLEWARE", ())):
        return []
    for setting, sender in SENDERS.items():
        if settings.get(setting) and _exists(sender.rpartition(".")[0]):
            return [sender]
    return [DEFAULT]


def policy(sources: Mapping[str, str], more: tuple[str, ...] = ()) -> str:
    """The header's text; ``more`` are further hosts, from the project's SLIPWAY_CSP_HOSTS."""
    hosts = " ".join(dict.fromkeys(("'self'", sources["static"], sources["media"], sources["upload"], *more)))
    return "; ".join(
        (
            f"default-src {hosts} data: blob:",
            f"script-src {hosts} blob: 'unsafe-inline' 'unsafe-eval'",
            f"style-src {hosts} 'unsafe-inline'",
            "object-src 'none'",
            "base-uri 'self'",
        )
    )


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
