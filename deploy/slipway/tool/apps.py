from django.apps import AppConfig


class ToolConfig(AppConfig):
    """The management commands of the build. They are not part of a release."""

    name = "slipway.tool"
    label = "slipway_tool"
