from django.apps import AppConfig


class ToolConfig(AppConfig):
    """The management commands that build: a release goes without them."""

    name = "slipway.tool"
    label = "slipway_tool"
