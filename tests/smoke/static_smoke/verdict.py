"""The result of a run: findings, checks and one sentence.

``smoke.json`` is ``Verdict.as_json()``::

    {"run": "<id>", "site": "https://…", "verdict": "passed|failed|inconclusive", "sentence": "…",
     "checks": {"P": {"name", "state": "passed|failed|not checked", "reason", "checked": int}, …},
     "findings": [{"check", "url", "place", "what", "fix", "source"}],
     "consequences": [{"check", "url", "place", "what", "because"}],
     "assets": [{"url", "host", "kind", "status", "hit", "bytes", "size", "content_type",
                 "cache_control", "encoding", "verdict", "place"}],
     "allowed": [{"url", "place", "bytes", "reason"}],
     "unverified": [{"check", "reason", "unknown", "extent": "nothing|part"}],
     "controls": [{"name", "check", "run", "state": "detected|missed|not run", "reason"}],
     "left_out": [{"what": "pages|screens|objects", "count": int, "reason"}],
     "ended": ["part: reason"], "notes": ["…"], "pages": [{"url", "status", "kind", "signed_in", "bytes"}],
     "page_loads": [{"url", "place", "device", "problem",
                 "timings": [{"url", "kind", "host", "status", "failure", "by", "start", "end"}]}],
     "seconds": float, "pull": bool}

A control's check is "-" where it belongs to none. Times are milliseconds since the load began.
``bytes`` counts the body on the wire, ``size`` the decoded one. ``consequences`` are facts
that a finding already explains, so they fail no check of their own.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

CHECKS = {
    "P": "parse of every page and stylesheet",
    "B": "the browser's requests",
    "N": "the browser's net log",
    "H": "response headers",
    "O": "the origin's access log",
    "C": "the canary: each file requested from the origin",
    "A": "the provisioned state",
}

# What a check's number counts.
COUNTED = {
    "P": "references read",
    "B": "requests seen",
    "N": "requests in the log",
    "H": "assets requested",
    "O": "lines of this run",
    "C": "paths requested from the origin",
    "A": "settings read and requests sent",
}
# What is unknown where a check did not run.
UNKNOWN = {
    "P": "references for other screens and readers than the browser's",
    "B": "requests of scripts, workers and styles when they run",
    "N": "requests that a browser does not report to its automation, such as the favicon's",
    "H": "who serves the assets, and how they are cached and compressed",
    "O": "what arrived at the origin: only the requests sent are known",
    "C": "whether the origin could serve a file",
    "A": "how CDN and bucket are configured: an open bucket goes unnoticed",
}
# Without these checks "reached the origin" is an inference.
_OF_ARRIVAL = "BNO"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where it is and what to do. ``place``: a page, stylesheet or log line.

    ``source``: "file:line" of the project where the URL is written, where that could be found.
    """

    check: str
    url: str
    place: str
    what: str
    fix: str
    source: str = ""


@dataclass(slots=True)
class CheckResult:
    """Passed until a finding says otherwise; "not checked" says why in ``reason``."""

    state: str = "passed"
    reason: str = ""
    checked: int = 0


@dataclass(frozen=True, slots=True)
class Control:
    """A fault planted on purpose. ``state``: "detected", "missed" (the run is inconclusive) or "not run"."""

    name: str
    check: str
    run: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a run did not look at.

    ``what``: "pages", "screens" (each a page on a device) or "objects" (further URLs of a pattern).
    """

    what: str
    count: int
    reason: str


@dataclass(slots=True)
class Verdict:
    run: str
    site: str
    checks: dict[str, CheckResult]
    findings: list[Finding]
    consequences: list[dict] = field(default_factory=list)
    assets: list[dict] = field(default_factory=list)
    allowed: list[dict] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pages: list[dict] = field(default_factory=list)
    page_loads: list[dict] = field(default_factory=list)
    seconds: float = 0.0
    # What ended early, each "part: reason": the parts after it, or the rest of it, are not verified.
    ended: list[str] = field(default_factory=list)
    # Whether the promise is the weaker one of a CDN that pulls from the origin.
    pull: bool = False
    # Paths that the site's owner excused.
    excused: tuple[str, ...] = ()

    @property
    def missed(self) -> Sequence[Control]:
        return [control for control in self.controls if control.state == "missed"]

    @property
    def served(self) -> int:
        """Assets that the CDN served without fault."""
        return sum(asset["verdict"] == "ok" for asset in self.assets)

    @property
    def verdict(self) -> str:
        if self.missed or not (self.findings or self.served):
            return "inconclusive"
        if self.findings:
            return "failed"
        return "inconclusive" if self.ended else "passed"

    @property
    def unverified(self) -> Sequence[dict]:
        """The claims whose check did not run, or not in full, each with the reason; ``extent``: "nothing" or "part"."""
        return [
            {
                "check": letter,
                "reason": check.reason,
                "unknown": UNKNOWN[letter],
                "extent": "nothing" if check.state == "not checked" else "part",
            }
            for letter, check in self.checks.items()
            if check.state == "not checked" or check.reason
        ]

    @property
    def sentence(self) -> str:
        if self.missed:
            missed = "; ".join(f"{control.name} ({control.check}): {control.reason}" for control in self.missed)
            return f"the run is inconclusive: {_count(len(self.missed), 'control')} missed: {missed}".replace(
                " (-)", ""
            )
        if not (self.findings or self.served):
            return "the run is inconclusive: no page names an asset on a CDN host"
        if self.findings:
            failed = ", ".join(sorted({finding.check for finding in self.findings}))
            return f"{_count(len(self.findings), 'finding')} (checks: {failed})"
        if self.ended:
            return f"the run is inconclusive: it ended early: {'; '.join(self.ended)}"
        served = f"{_count(self.served, 'asset')} from the CDN"
        excused = f"; allowed by the site's owner: {', '.join(self.excused)}" if self.excused else ""
        if self.pull:
            promise = (
                f"no page sends a visitor to the origin for static files; {served}, which pulls them from the origin"
            )
            return promise + excused
        absent = [letter for letter in _OF_ARRIVAL if self.checks[letter].state == "not checked"]
        if absent:
            missing = f"but not every check ran ({', '.join(absent)})"
            return f"no static request to the origin was seen, {missing}; {served}{excused}"
        return f"0 static requests reached the origin; {served}{excused}"

    @property
    def status(self) -> int:
        """The process's exit status: 0 passed, 1 failed or inconclusive. (2: the run could not be made.)"""
        return 0 if self.verdict == "passed" else 1

    def as_json(self) -> dict:
        document = asdict(self)
        for letter, check in document["checks"].items():
            document["checks"][letter] = {"name": CHECKS[letter], **check}
        return {
            "run": document.pop("run"),
            "site": document.pop("site"),
            "verdict": self.verdict,
            "sentence": self.sentence,
            "unverified": self.unverified,
            **document,
        }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _missed(control: Control) -> str:
    of = "" if control.check == "-" else f" ({control.check})"
    return f"{control.name}{of}: {control.reason}"
