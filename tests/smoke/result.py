"""What a witness says: each has a module of its own with one verb, ``testify``."""

from dataclasses import dataclass, field

from tests.smoke.attribution import Fact


@dataclass(slots=True)
class Testimony:
    """``saw``: how many things, None where it saw nothing at all. ``unseen``: what it could not see, and why."""

    facts: list[Fact] = field(default_factory=list)
    saw: int | None = None
    unseen: str = ""
