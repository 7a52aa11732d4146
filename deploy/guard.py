"""Refuses a project that has not taken the offload settings."""

from django.conf import settings

from deploy.errors import SlipwayError

LINE = "from deploy.settings import *"


def require_offload_line() -> None:
    """Raises SlipwayError when the settings module does not end with the offload line."""
    if not hasattr(settings, "SLIPWAY_OFFLOAD"):
        raise SlipwayError(
            f"{settings.SETTINGS_MODULE}: the offload settings are missing; "
            f"add `{LINE}` as the last line of that module"
        )
