"""The result of a check; each check is a module with a function ``check``."""

from dataclasses import dataclass, field

from static_smoke.rules import Fact


@dataclass(slots=True)
class Result:
    """``checked``: how many things, None if the check could not run. ``reason``: what could not be checked, and why.

    ``notes``: for the report, what the result does not depend on.
    """

    facts: list[Fact] = field(default_factory=list)
    checked: int | None = None
    reason: str = ""
    notes: list[str] = field(default_factory=list)
