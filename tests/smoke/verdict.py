"""What a run ends with: findings, witnesses and one sentence.

``smoke.json`` is ``Verdict.as_json()``::

    {"run": "<id>", "site": "https://…", "verdict": "green|red|void", "sentence": "…",
     "witnesses": {"P": {"name", "state": "green|red|not seen", "reason", "checked": int}, …},
     "findings": [{"witness", "url", "place", "what", "fix", "source"}],
     "consequences": [{"witness", "url", "place", "what", "because"}],
     "assets": [{"url", "host", "kind", "status", "hit", "bytes", "size", "content_type",
                 "cache_control", "encoding", "verdict", "place"}],
     "allowed": [{"url", "place", "bytes", "reason"}],
     "weaker": [{"witness", "reason", "unknown", "extent": "nothing|part"}],
     "controls": [{"name", "witness", "run", "state": "seen|missed|not run", "reason"}],
     "notes": ["…"], "pages": [{"url", "status", "kind", "signed_in", "bytes"}],
     "visits": [{"url", "place", "look", "problem",
                 "timings": [{"url", "kind", "host", "status", "failure", "by", "start", "end"}]}],
     "seconds": float, "pull": bool}

A control's witness is "-" where it belongs to none. Times are milliseconds since the visit began.
``bytes`` counts the body on the wire, ``size`` the decoded one. ``consequences`` are true
observations that a finding already explains, so they redden nothing of their own.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

WITNESSES = {
    "P": "parse of every page and stylesheet",
    "B": "the browser's requests",
    "N": "the browser's net log",
    "H": "response headers",
    "O": "the origin's access log",
    "C": "the canary",
    "A": "the provisioned state",
}

# What a witness's number counts.
COUNTED = {
    "P": "references read",
    "B": "requests seen",
    "N": "requests in the log",
    "H": "assets asked for",
    "O": "lines of this run",
    "C": "paths asked of the origin",
    "A": "settings read and requests sent",
}
# What is not known where a witness was not heard.
UNKNOWN = {
    "P": "what pages name for other screens and readers than the browser's",
    "B": "what scripts, workers and styles ask for once they run",
    "N": "what a browser asks for unseen by its automation, the favicon first",
    "H": "who answers for the assets, and how they are cached and compressed",
    "O": "what arrived at the origin: only what was asked for is known",
    "C": "whether the origin could serve a file if it were asked",
    "A": "how CDN and bucket are configured: an open bucket goes unseen",
}
# Those without whom "reached the origin" is an inference.
_OF_ARRIVAL = "BNO"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where it stands and what to do. ``place``: a page, stylesheet or log line.

    ``source``: "file:line" of the project where the URL is written, where that could be found.
    """

    witness: str
    url: str
    place: str
    what: str
    fix: str
    source: str = ""


@dataclass(slots=True)
class Witness:
    """Green until a finding says otherwise; "not seen" says why in ``reason``."""

    state: str = "green"
    reason: str = ""
    checked: int = 0


@dataclass(frozen=True, slots=True)
class Control:
    """A fault planted on purpose. ``state``: "seen", "missed" (the run is void) or "not run"."""

    name: str
    witness: str
    run: str
    state: str
    reason: str = ""


@dataclass(slots=True)
class Verdict:
    run: str
    site: str
    witnesses: dict[str, Witness]
    findings: list[Finding]
    consequences: list[dict] = field(default_factory=list)
    assets: list[dict] = field(default_factory=list)
    allowed: list[dict] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pages: list[dict] = field(default_factory=list)
    visits: list[dict] = field(default_factory=list)
    seconds: float = 0.0
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
            return "void"
        return "red" if self.findings else "green"

    @property
    def weaker(self) -> Sequence[dict]:
        """The claims that rest on fewer witnesses than there are, each with why: "nothing" to know of it, or "part"."""
        return [
            {
                "witness": letter,
                "reason": witness.reason,
                "unknown": UNKNOWN[letter],
                "extent": "nothing" if witness.state == "not seen" else "part",
            }
            for letter, witness in self.witnesses.items()
            if witness.state == "not seen" or witness.reason
        ]

    @property
    def sentence(self) -> str:
        if self.missed:
            names = ", ".join(f"{control.witness}: {control.name}" for control in self.missed)
            return f"the run is void: {_count(len(self.missed), 'control')} missed ({names})"
        if not (self.findings or self.served):
            return "the run is void: no page names an asset on a CDN host"
        if self.findings:
            reds = ", ".join(sorted({finding.witness for finding in self.findings}))
            return f"{_count(len(self.findings), 'finding')} (witnesses: {reds})"
        served = f"{_count(self.served, 'asset')} from the CDN"
        excused = f"; not judged, as asked: {', '.join(self.excused)}" if self.excused else ""
        if self.pull:
            promise = (
                f"no page sends a visitor to the origin for static files; {served}, which pulls them from the origin"
            )
            return promise + excused
        absent = [letter for letter in _OF_ARRIVAL if self.witnesses[letter].state == "not seen"]
        if absent:
            heard = f"but not all were heard ({', '.join(absent)})"
            return f"no static request to the origin was seen, {heard}; {served}{excused}"
        return f"0 static requests reached the origin; {served}{excused}"

    @property
    def status(self) -> int:
        """The process's exit status: 0 green, 1 red or void. (2: the run could not be made.)"""
        return 0 if self.verdict == "green" else 1

    def as_json(self) -> dict:
        document = asdict(self)
        for letter, witness in document["witnesses"].items():
            document["witnesses"][letter] = {"name": WITNESSES[letter], **witness}
        return {
            "run": document.pop("run"),
            "site": document.pop("site"),
            "verdict": self.verdict,
            "sentence": self.sentence,
            "weaker": self.weaker,
            **document,
        }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
