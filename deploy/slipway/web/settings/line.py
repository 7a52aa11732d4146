"""What a project sets itself, told from what an earlier line of ours has given it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAME = "SLIPWAY_LINE"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One line's effect. It goes along as a setting: a module that star-imports another one's settings has it too.

    ``own``: the project's values of the settings that the line has given. ``given``: copies of those given.
    """

    own: Mapping[str, Any]
    given: Mapping[str, Any]

    @classmethod
    def before(cls, project: Mapping[str, Any]) -> dict[str, Any]:
        """The project's own settings: what an earlier line gave and nobody has changed since is none of them."""
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
