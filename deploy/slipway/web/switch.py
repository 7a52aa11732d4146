"""The switch between development and production: an environment variable of the build and the web process."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

VARIABLE = "SLIPWAY_ENV"
PRODUCTION = "production"


def production(environ: Mapping[str, str]) -> bool:
    """Whether this process builds or serves a release. Raises ImproperlyConfigured for an unknown value."""
    value = environ.get(VARIABLE, "development")
    if value not in (PRODUCTION, "development"):
        raise ImproperlyConfigured(f"{VARIABLE}: {value!r} is neither {PRODUCTION} nor development; unset it")
    return value == PRODUCTION
