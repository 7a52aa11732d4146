"""Tells a project's own settings from those that an earlier `from slipway.settings import *` has added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAME = "SLIPWAY_LINE"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """The effect of one line. It is a setting itself: a module that star-imports another one's settings has it too.

    ``own``: the project's values that the line has replaced. ``given``: copies of the line's values.
    """

    own: Mapping[str, Any]
    given: Mapping[str, Any]

    @classmethod
    def before(cls, project: Mapping[str, Any]) -> dict[str, Any]:
        """The project's own settings: without those that an earlier line has added and that are unchanged since."""
        line = project.get(NAME)
        settings = {name: value for name, value in project.items() if name.isupper()}
        if line is None:
            return settings
        unchanged = {name for name, value in line.given.items() if name in settings and settings[name] == value}
        return {name: value for name, value in settings.items() if name not in unchanged} | {
            name: line.own[name] for name in unchanged if name in line.own
        }

    @classmethod
    def after(cls, project: Mapping[str, Any], given: Mapping[str, Any]) -> "Line":
        own = cls.before(project)
        # Copies: `INSTALLED_APPS += […]` would change the value itself.
        return cls({name: own[name] for name in given if name in own}, {k: _copy(v) for k, v in given.items()})


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value
