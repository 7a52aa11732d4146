"""What a check returns: each has a module of its own with one function, ``check``."""

from dataclasses import dataclass, field

from tests.smoke.attribution import Fact


@dataclass(slots=True)
class Result:
    """``checked``: how many things, None where nothing could be. ``reason``: what could not be checked, and why."""

    facts: list[Fact] = field(default_factory=list)
    checked: int | None = None
    reason: str = ""
