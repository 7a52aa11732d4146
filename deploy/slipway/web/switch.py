"""The one switch between development and production, set by whoever builds or serves a release."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

VARIABLE = "SLIPWAY_ENV"
PRODUCTION = "production"


def production(environ: Mapping[str, str]) -> bool:
    """Whether this process builds or serves a release. Raises ImproperlyConfigured for any other word than the two."""
    value = environ.get(VARIABLE, "development")
    if value not in (PRODUCTION, "development"):
        raise ImproperlyConfigured(f"{VARIABLE}: {value!r} is neither {PRODUCTION} nor development; unset it")
    return value == PRODUCTION
