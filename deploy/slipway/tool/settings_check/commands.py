"""Whether the project has what `schedule` and `workers` of site.yml call."""

import difflib
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points

from django.core.management import get_commands

from slipway.tool import config
from slipway.tool.config.background import MANAGE, Job, Worker

PYTHON = "python"
# Commands of this package are here alone, and not on the server.
OURS = "slipway.tool"


def missing(site: config.Site) -> Iterator[str]:
    """A line for each command that the release will not have."""
    known = [name for name, app in get_commands().items() if app != OURS]
    programs = [PYTHON, *entry_points(group="console_scripts").names]
    yield from _missing("schedule", site.schedule, known, programs)
    yield from _missing("workers", site.workers, known, programs)


def _missing(key: str, entries: Iterable[Job | Worker], known: list[str], programs: list[str]) -> Iterator[str]:
    for each in entries:
        program, *words = each.command
        if program == PYTHON and words[:1] == [MANAGE]:
            name, there, kind = words[1] if words[1:] else "", known, "management command"
        else:
            name, there, kind = program, programs, "program among its packages"
        if name not in there:
            near = difflib.get_close_matches(name, there, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"{key}: {each.name}: the project has no {kind} {name or '(none is named)'}{hint}"
