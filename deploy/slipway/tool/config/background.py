"""What runs beside the web process: the jobs of `schedule`, and the long-lived processes of `workers`."""

import difflib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.tool.config import calendar
from slipway.tool.config.values import Values

# Part of a unit's name.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
# A program of the release's venv.
PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*", re.ASCII)
MANAGE = "manage.py"
# Minutes that a job may take, seconds that a worker may take for what it has begun, and its MB.
LIMIT, DRAIN, MEMORY = 60, 30, 56
MOST_MINUTES, MOST_DRAIN = 24 * 60, 300
# Less than Django takes by itself.
LEAST_MEMORY = 32


@dataclass(frozen=True, slots=True)
class Job:
    """``command``: a program of the venv with its arguments; ``when``: a calendar expression with its time zone;
    ``limit``: minutes; ``resume``: whether it runs again when a deploy has stopped it."""

    name: str
    command: tuple[str, ...]
    when: str
    limit: int = LIMIT
    resume: bool = True


@dataclass(frozen=True, slots=True)
class Worker:
    """``memory``: MB; ``drain``: seconds that it gets, after SIGTERM, for what it has begun."""

    name: str
    command: tuple[str, ...]
    memory: int = MEMORY
    drain: int = DRAIN


def schedule(values: Values) -> tuple[Job, ...]:
    return tuple(_job(values, name, given) for name, given in values.get("schedule", {}).items())


def workers(values: Values) -> tuple[Worker, ...]:
    return tuple(_worker(values, name, given) for name, given in values.get("workers", {}).items())


def _job(values: Values, name: Any, given: Any) -> Job:
    # clearsessions: daily
    given = given if isinstance(given, dict) else {"when": given}
    entry = _Entry(values, "schedule", name, given, ("command", "when", "limit", "resume"))
    words = entry.words(given.get("command", name), optional=MANAGE)
    return Job(
        name,
        ("python", MANAGE, *words),
        entry.when(),
        entry.number("limit", "minutes", LIMIT, 1, MOST_MINUTES),
        entry.yes("resume"),
    )


def _worker(values: Values, name: Any, given: Any) -> Worker:
    # tasks: manage.py db_worker
    given = given if isinstance(given, dict) else {"command": given}
    entry = _Entry(values, "workers", name, given, ("command", "memory", "drain"))
    words = entry.words(given.get("command"))
    if not PROGRAM.fullmatch(words[0]):
        raise entry.error(f"command: {words[0]!r} is no program of the site's packages, nor `{MANAGE} …`")
    return Worker(
        name,
        ("python", *words) if words[0] == MANAGE else tuple(words),
        entry.number("memory", "MB", MEMORY, LEAST_MEMORY, 1 << 20),
        entry.number("drain", "seconds", DRAIN, 1, MOST_DRAIN),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of one of both keys."""

    values: Values
    key: str
    name: Any
    given: Mapping[Any, Any]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise self.values.error(self.key, f"{self.name!r} is no name like clearsessions: a-z, 0-9, _ and -")
        for each in self.given:
            if each not in self.known:
                near = difflib.get_close_matches(str(each), self.known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(self.known)}"
                raise self.error(f"{each}: unknown; {hint}")

    def error(self, what: str) -> Exception:
        return self.values.error(self.key, f"{self.name}: {what}")

    def words(self, command: Any, *, optional: str = "") -> list[str]:
        """The words of a command, without the first if that is ``optional``."""
        if not isinstance(command, str) or not command.strip() or not command.isprintable():
            raise self.error(f"command: expected one line like `{MANAGE} db_worker`, got {command!r}")
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise self.error(f"command: {command!r} is no command: {str(error).lower()}") from None
        words = words[1:] if words[0] == optional else words
        if not words:
            raise self.error(f"command: {command!r} names no command")
        return words

    def when(self) -> str:
        when = self.given.get("when")
        # YAML takes 12:30 for a number in base 60.
        if not isinstance(when, str):
            raise self.error(f"when: expected a calendar expression in quotes like 'Mon 06:00', got {when!r}")
        if wrong := calendar.fault(when):
            raise self.error(f"when: {when!r} is no calendar expression like 'Mon 06:00' or daily: {wrong}")
        return calendar.with_zone(when)

    def number(self, name: str, unit: str, default: int, least: int, most: int) -> int:
        number = self.given.get(name, default)
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise self.error(f"{name}: expected {unit}, {least} to {most}, got {number!r}")
        return number

    def yes(self, name: str) -> bool:
        value = self.given.get(name, True)
        if not isinstance(value, bool):
            raise self.error(f"{name}: expected yes or no, got {value!r}")
        return value
