"""Content-Security-Policy: one that limits hosts, for a project that has none of its own.

It permits inline scripts and eval, which most packages need. A project can set a strict one, with django-csp or
Django's own SECURE_CSP, from the hosts in SLIPWAY_SOURCES.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from slipway.web.media.endpoint import upload_origin

# Any middleware that sends a policy, by its name.
SENDS_ONE = re.compile(r"csp|content_?security_?policy", re.I)
# Those that send nothing without a setting → the policy's, and that of one which only reports.
# https://docs.djangoproject.com/en/6.0/ref/csp/ and https://django-csp.readthedocs.io/en/stable/configuration.html
SENDERS = {
    "django.middleware.csp.ContentSecurityPolicyMiddleware": ("SECURE_CSP", "SECURE_CSP_REPORT_ONLY"),
    "csp.middleware.CSPMiddleware": ("CONTENT_SECURITY_POLICY", "CONTENT_SECURITY_POLICY_REPORT_ONLY"),
}
DEFAULT = "slipway.web.csp_middleware.DefaultPolicy"


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
    """The middleware that sends the site's policy, where the project lists none that sends one."""
    if sends_one(settings.get("MIDDLEWARE", ()), settings.get):
        return []
    for sender, (policy, _) in SENDERS.items():
        if settings.get(policy) and _exists(sender.rpartition(".")[0]):
            return [sender]
    return [DEFAULT]


def sends_one(middleware: Iterable[str], setting: Callable[[str], Any]) -> bool:
    """Whether one that is listed, other than our default, sends a policy. ``setting`` gives a setting by its name."""
    listed = [each for each in middleware if SENDS_ONE.search(each) and each != DEFAULT]
    return any(each not in SENDERS or any(map(setting, SENDERS[each])) for each in listed)


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
