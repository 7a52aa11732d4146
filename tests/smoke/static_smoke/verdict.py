"""The result of a run: findings, checks and one sentence.

``smoke.json`` is ``Verdict.as_json()``::

    {"run": "<id>", "site": "https://…", "verdict": "passed|failed|inconclusive", "sentence": "…",
     "doubts": ["…"], "depth": "quick|full", "home_seen": bool,
     "checks": {"P": {"name", "state": "passed|failed|not checked", "reason", "checked": int}, …},
     "findings": [{"check", "url", "place", "what", "fix", "source", "rule", "cause": int,
                   "also": ["URL"], "places": ["…"], "written": [{"place": "file:line", "text"}],
                   "response": {"place": "URL:line:column", "text"}}],
     "consequences": [{"check", "url", "place", "what", "because"}],
     "maybes": [{"url", "place", "what"}],
     "assets": [{"url", "host", "kind", "status", "hit", "bytes", "size", "content_type",
                 "cache_control", "encoding", "verdict", "place"}],
     "allowed": [{"url", "place", "bytes", "reason"}],
     "unverified": [{"check", "reason", "unknown", "extent": "nothing|part"}],
     "controls": [{"name", "check", "run", "state": "detected|missed|not run", "reason"}],
     "left_out": [{"what": "pages|screens|objects", "count": int, "reason"}],
     "ended": ["part: reason"], "notes": ["…"], "pages": [{"url", "status", "kind", "signed_in", "bytes"}],
     "page_loads": [{"url", "place", "device", "problem", "failed",
                 "timings": [{"url", "kind", "host", "status", "failure", "by", "start", "end"}]}],
     "seconds": float, "started": bool, "pull": bool, "no_cdn": bool}

A control's check is "-" where it belongs to none. Times are milliseconds since the load began.
``bytes`` counts the body on the wire, ``size`` the decoded one. ``consequences`` are facts
that a finding already explains, so they fail no check of their own.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from static_smoke.sentence import count, sentence

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


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where it is and what to do: one finding a check and cause.

    ``place``: a page, stylesheet or log line, the first of ``places``. ``also``: further URLs with the same cause.
    ``cause``: findings with the same number have one cause, each seen by another check.
    ``written``: the lines of the project to look at, {"place": "file:line", "text"} each, the best first.
    ``response``: "URL:line:column" of what was sent as "place", and an excerpt as "text".
    """

    check: str
    url: str
    place: str
    what: str
    fix: str
    rule: str = ""
    cause: int = 0
    also: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    written: tuple[dict, ...] = ()
    response: dict = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Maybe:
    """A string that may be a request for a static file of the origin, which has none; ``what`` has line and column."""

    url: str
    place: str
    what: str


@dataclass(slots=True)
class Verdict:
    run: str
    site: str
    checks: dict[str, CheckResult]
    findings: list[Finding]
    consequences: list[dict] = field(default_factory=list)
    maybes: list[Maybe] = field(default_factory=list)
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
    depth: str = "full"
    # Whether a check that was not heard whole fails the run.
    strict: bool = False
    # Whether the browser loaded the home page, on any device.
    home_seen: bool = True
    # False: nothing was checked, and ``ended`` says why.
    started: bool = True
    # Whether the promise is the weaker one of a CDN that pulls from the origin.
    pull: bool = False
    # Whether the files come from the bucket itself, without a CDN.
    no_cdn: bool = False
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
    def causes(self) -> int:
        """How many causes the findings have."""
        return len({finding.cause or -number for number, finding in enumerate(self.findings)})

    @property
    def verdict(self) -> str:
        if not self.started or self.missed:
            return "inconclusive"
        if self.findings:
            return "failed"
        return "inconclusive" if self.doubts else "passed"

    @property
    def doubts(self) -> Sequence[str]:
        """Why the run can say neither passed nor failed. Findings outrank all of them but missed controls."""
        if not self.started:
            return [f"it could not start: {'; '.join(self.ended)}"]
        missed = [f"{control.name}{_of(control)}: {control.reason}" for control in self.missed]
        doubts = [f"{count(len(missed), 'control')} missed: {'; '.join(missed)}"] if missed else []
        if self.ended:
            doubts.append(f"it ended early: {'; '.join(self.ended)}")
        if not (self.findings or self.served):
            doubts.append("no page names an asset on a CDN host")
        if self.page_loads and not self.home_seen:
            doubts.append("the browser did not see the home page")
        return doubts

    @property
    def is_whole(self) -> bool:
        """Whether the run was full, every check was heard whole, and every page and object was read.

        A screen that was left out is one of a page that was parsed, and loaded on another screen or like another page.
        """
        unread = any(it.what != "screens" for it in self.left_out)
        return self.depth == "full" and not self.unverified and not unread

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
        return sentence(self)

    @property
    def status(self) -> int:
        """The process's exit status: 0 passed, 1 failed or inconclusive, 2 the run could not start."""
        if not self.started:
            return 2
        return 0 if self.verdict == "passed" and not (self.strict and self.unverified) else 1

    def as_json(self) -> dict:
        document = asdict(self)
        for letter, check in document["checks"].items():
            document["checks"][letter] = {"name": CHECKS[letter], **check}
        for finding in document["findings"]:
            finding["source"] = finding["written"][0]["place"] if finding["written"] else ""
        return {
            "run": document.pop("run"),
            "site": document.pop("site"),
            "verdict": self.verdict,
            "sentence": self.sentence,
            "doubts": self.doubts,
            "unverified": self.unverified,
            **document,
        }


def _of(control: Control) -> str:
    return "" if control.check == "-" else f" ({control.check})"
