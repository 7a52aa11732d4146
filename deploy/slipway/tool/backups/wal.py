"""What WAL a repository has: segments by their names, timelines by their history files.

A segment has 16 MB: 256 of them, 00 to FF, are a log, and then the next log begins. Its name is the timeline, the log
and its number there, eight digits each: https://www.postgresql.org/docs/current/wal-internals.html
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})000000([0-9A-F]{2})")
HISTORY = re.compile(r"([0-9A-F]{8})\.history")
SEGMENTS_OF_A_LOG = 0x100
SEGMENT_BITS = 24
# A line of a history file: a timeline, and the LSN at which the next one left it.
SWITCH = re.compile(r"\s*(\d+)\s+([0-9A-Fa-f]+/[0-9A-Fa-f]+)")

# A timeline with its first segment's position, and the LSN at which the next timeline left it (None for the last).
Link = tuple[int, int, int | None]


def parse(name: str) -> tuple[int, int] | None:
    """The timeline of the segment ``name``, and its position: the number of segments before it. None for no segment."""
    match = SEGMENT.fullmatch(name)
    if match is None:
        return None
    timeline, log, number = (int(digits, 16) for digits in match.groups())
    return timeline, log * SEGMENTS_OF_A_LOG + number


def name_of(timeline: int, position: int) -> str:
    log, number = divmod(position, SEGMENTS_OF_A_LOG)
    return f"{timeline:08X}{log:08X}{number:08X}"


def lsn_of(text: str) -> int:
    """The LSN, such as 16/B374D848, in bytes."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


@dataclass(frozen=True, slots=True)
class Run:
    """Segments without a hole between them, ``first`` to ``last``; each is a timeline and a position."""

    first: tuple[int, int]
    last: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hole:
    """``count`` segments that are missing, from the one named ``first``, at ``position``, to the one named ``last``.

    The one before them arrived at ``after``, the one behind them at ``until``, in seconds since 1970.
    """

    first: str
    last: str
    count: int
    position: int
    after: float
    until: float


@dataclass
class Wal:
    """The segments of one repository: by timeline, and there by position, when each arrived (seconds since 1970).

    ``histories`` has what each timeline's history file says. ``doubled`` are segments that are there twice with
    different contents: pgBackRest reads neither, so they count as missing.
    """

    arrived: dict[int, dict[int, float]] = field(default_factory=dict)
    histories: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    doubled: set[tuple[int, int]] = field(default_factory=set)

    def add(self, timeline: int, position: int, at: float) -> None:
        of_timeline = self.arrived.setdefault(timeline, {})
        if position in of_timeline:
            self.doubled.add((timeline, position))
        of_timeline[position] = max(at, of_timeline.get(position, 0.0))

    def add_history(self, timeline: int, text: str) -> None:
        """What the history file of ``timeline`` says about the timelines before it."""
        matches = (SWITCH.match(line) for line in text.splitlines())
        self.histories[timeline] = tuple((int(one[1]), lsn_of(one[2])) for one in matches if one)

    @property
    def timeline(self) -> int:
        """The newest timeline, which a restore follows; 0 where there is no segment."""
        return max([*self.arrived, *self.histories], default=0)

    def chain(self) -> list[Link]:
        """The newest timeline with those that it comes from, oldest first."""
        links, start = [], 0
        for timeline, left in self.histories.get(self.timeline, ()):
            links.append((timeline, start, left))
            start = left >> SEGMENT_BITS
        return [*links, (self.timeline, start, None)]

    def runs(self) -> list[Run]:
        """What is there along the newest timeline."""
        return list(_runs(sorted(self._along(), key=lambda one: one[1])))

    def holes(self, start: int) -> list[Hole]:
        """What is missing along the newest timeline between segments that are there, from position ``start`` on."""
        return [
            self._hole(before.last[1], behind.first[1])
            for before, behind in pairwise(self.runs())
            if before.last[1] >= start
        ]

    def _hole(self, before: int, behind: int) -> Hole:
        first, last = before + 1, behind - 1
        names = name_of(self._owner(first), first), name_of(self._owner(last), last)
        return Hole(*names, behind - first, first, self.time(before), self.time(behind))

    def time(self, position: int) -> float:
        """When the segment there, along the newest timeline, arrived."""
        return self.arrived[self._owner(position)][position]

    def carries(self, timeline: int, lsn: int) -> bool:
        """Whether the newest timeline comes from ``timeline``, and left it after ``lsn`` only."""
        return any(each == timeline and (left is None or lsn <= left) for each, _, left in self.chain())

    def _owner(self, position: int) -> int:
        return next(timeline for timeline, start, _ in reversed(self.chain()) if position >= start)

    def _along(self) -> Iterator[tuple[int, int]]:
        for timeline, start, left in self.chain():
            stop = None if left is None else left >> SEGMENT_BITS
            for position in self.arrived.get(timeline, ()):
                inside = start <= position and (stop is None or position < stop)
                if inside and (timeline, position) not in self.doubled:
                    yield timeline, position


def _runs(segments: Iterable[tuple[int, int]]) -> Iterator[Run]:
    run: Run | None = None
    for one in segments:
        if run and one[1] == run.last[1] + 1:
            run = Run(run.first, one)
            continue
        if run:
            yield run
        run = Run(one, one)
    if run:
        yield run
