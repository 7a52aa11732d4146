"""One thing that is wrong with the host, and how long it lasts."""

from typing import NamedTuple


class Problem(NamedTuple):
    """``name`` says what it is about, and stays as long as the problem lasts: an alarm begins and ends by it.

    ``text`` is the line for a person, with what to do. Its figures may change from minute to minute.
    """

    name: str
    text: str


def span(seconds: float) -> str:
    """For a person: "12 minutes", "3 hours", "9 days"."""
    for unit, size in (("days", 24 * 3600), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
