"""Rejects a project whose settings module is missing, or does not import the offload settings."""

import os

from django.conf import settings

from slipway.web.errors import SlipwayError

LINE = "from slipway.settings import *"


def require_offload_line() -> None:
    """Raises SlipwayError when there is no settings module, or when it does not end with the offload line."""
    try:
        taken = hasattr(settings, "SLIPWAY_OFFLOAD")
    except ModuleNotFoundError as error:
        module = os.environ["DJANGO_SETTINGS_MODULE"]
        # An import that fails inside the module: the traceback explains it better.
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        raise SlipwayError(
            f"{module}: no such module in project/; name your settings and wsgi modules in site.yml"
        ) from None
    if not taken:
        raise SlipwayError(
            f"{settings.SETTINGS_MODULE}: the offload settings are missing; "
            f"add `{LINE}` as the last line of that module"
        )
