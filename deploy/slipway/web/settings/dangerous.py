"""Values that would weaken the site or its offload. In production they are ignored, unless site.yml waives them.

A deploy rejects the line that sets one (slipway.tool.settings_check); a server ignores it in any case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# The environment variable with the waived settings, comma-separated, from `waive` in site.yml.
WAIVED = "SLIPWAY_WAIVED"


@dataclass(frozen=True, slots=True)
class Rule:
    """``why``: what such a value would do. ``https``: only for a site that is served by https."""

    dangerous: Callable[[Any], bool]
    why: str
    https: bool = False


RULES = {
    "DEBUG": Rule(bool, "every error page would show your code and settings"),
    "ALLOWED_HOSTS": Rule(lambda hosts: "*" in hosts, "the site would answer to any name"),
    "SECURE_HSTS_SECONDS": Rule(lambda value: not value, "browsers would go on trying plain http", https=True),
    "SESSION_COOKIE_SECURE": Rule(lambda value: not value, "sessions would be sent over plain http", https=True),
    "CSRF_COOKIE_SECURE": Rule(lambda value: not value, "the CSRF cookie would be sent over plain http", https=True),
    "SESSION_COOKIE_HTTPONLY": Rule(lambda value: not value, "scripts could read a visitor's session"),
    "SECURE_CONTENT_TYPE_NOSNIFF": Rule(lambda value: not value, "browsers would guess what an upload is"),
    "COMPRESS_ENABLED": Rule(lambda value: not value, "nothing would be bundled"),
    "COMPRESS_OFFLINE": Rule(lambda value: not value, "bundles would be made on the server, which has no static files"),
    "STORAGES": Rule(
        lambda value: foreign_static(value), "static files would not be those that were hashed and sent to the CDN"
    ),
}
# Without these there is no build.
NEEDED = ("COMPRESS_ENABLED", "COMPRESS_OFFLINE", "STORAGES")
# A deploy checks more than the value of the last two.
WAIVABLE = (*(name for name in RULES if name not in NEEDED), "SECRET_KEY", "SECURE_SSL_REDIRECT")


def waived(environ: Mapping[str, str]) -> frozenset[str]:
    return frozenset(filter(None, environ.get(WAIVED, "").split(",")))


def values(own: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The dangerous values among a project's own settings, waived ones too."""
    secure = environ["SITE_URL"].startswith("https:")
    return {
        name: own[name]
        for name, rule in RULES.items()
        if name in own and (secure or not rule.https) and rule.dangerous(own[name])
    }


def without(own: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The project's own settings, without the dangerous ones that are not waived."""
    rejected = set(values(own, environ)) - waived(environ)
    kept = {name: value for name, value in own.items() if name not in rejected}
    if "ALLOWED_HOSTS" in rejected:
        kept["ALLOWED_HOSTS"] = [host for host in own["ALLOWED_HOSTS"] if host != "*"]
    if "STORAGES" in rejected:
        kept["STORAGES"] = {alias: value for alias, value in own["STORAGES"].items() if alias != "staticfiles"}
    return kept


def foreign_static(storages: Mapping[str, Any]) -> bool:
    """Whether the storage of static files is neither Django's nor Slipway's."""
    backend = str(storages.get("staticfiles", {}).get("BACKEND", "django."))
    return not backend.startswith(("django.", "slipway."))
