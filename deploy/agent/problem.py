"""One thing that is wrong with the host."""

from typing import NamedTuple


class Problem(NamedTuple):
    """``name`` says what it is about, and stays as long as the problem lasts: an alarm begins and ends by it.

    ``text`` is the line for a person, with what to do. Its figures may change from minute to minute.
    """

    name: str
    text: str
