"""Settings that have to be lists or a dictionary: of a string, Python would read each letter as a pattern or a host."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# Each with what it is a list of, and an example.
LISTS = {
    "SLIPWAY_HASHED": ("patterns", "dist/*"),
    "SLIPWAY_UNHASHED": ("patterns", "img/*"),
    # The older name of the one above.
    "SLIPWAY_STABLE_NAMES": ("patterns", "img/*"),
    "SLIPWAY_WEB_MANIFESTS": ("names", "site.webmanifest"),
    "SLIPWAY_CSP_HOSTS": ("hosts", "https://player.example.com"),
    "ALLOWED_HOSTS": ("hosts", "www.example.com"),
    "CSRF_TRUSTED_ORIGINS": ("origins", "https://www.example.com"),
}
NAMES = (*LISTS, "SLIPWAY_IMPORTS")


def check(own: Mapping[str, Any]) -> None:
    """Raises ImproperlyConfigured, with the name, for a setting of the project of another kind."""
    for name, (what, example) in LISTS.items():
        value = own.get(name, ())
        if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(each, str) for each in value):
            example = value if isinstance(value, str) and value else example
            raise ImproperlyConfigured(f"{name}: is {value!r} and must be a list of {what}, {[example]}")
    imports = own.get("SLIPWAY_IMPORTS", {})
    if not isinstance(imports, Mapping) or not all(isinstance(each, str) for each in (*imports, *imports.values())):
        raise ImproperlyConfigured(
            f"SLIPWAY_IMPORTS: is {imports!r} and must be a dictionary, {{'chart': 'js/chart.js'}}"
        )
