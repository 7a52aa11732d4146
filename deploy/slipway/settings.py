"""The last line of a project's settings module is ``from slipway.settings import *``: see slipway.web.settings."""

from slipway.web.settings import *  # noqa: F403
