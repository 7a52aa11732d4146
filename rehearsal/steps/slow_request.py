"""A request that takes as long as a release: nobody else may wait for it, and it must be answered too."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.host import Host
from slipway.tool.server.layout import LAYOUT

PROGRAM = Path(__file__).with_name("hold_request.py")
ANSWERS = 10  # that others must get after the switch, while the slow request still runs
SECONDS = 25  # for them; Gunicorn ends a request `timeout` after its release was replaced
UNIT = "rehearsal-slow"
FILE = f"/run/{UNIT}"


@dataclass(slots=True)
class Result:
    """``answered``: others, while the slow request ran; ``status``: its own."""

    answered: int = 0
    status: int = 0

    @property
    def passed(self) -> bool:
        return self.answered == ANSWERS and self.status == 200

    def __str__(self) -> str:
        return f"{self.answered} of {ANSWERS} others were answered while it ran; it was answered {self.status}"


@contextmanager
def slow_request(host: Host) -> Iterator[Result]:
    """Begins such a request; leaving the block waits for its end, and fills in the result."""
    wanted = {
        "host": host.site.site.host,
        "socket": LAYOUT.socket,
        "current": LAYOUT.current,
        "begun": f"{FILE}.begun",
        "answers": ANSWERS,
        "seconds": SECONDS,
    }
    result = Result()
    run = f"systemd-run --quiet --unit={UNIT} --property=StandardOutput=truncate:{FILE}.json"
    host.run(
        f"rm -f {FILE}.begun; cat > {FILE}.py; {run} python3 {FILE}.py {shlex.quote(json.dumps(wanted))}; "
        f"while ! test -e {FILE}.begun && systemctl is-active --quiet {UNIT}; do sleep 0.1; done",
        PROGRAM.read_text(),
    )
    try:
        yield result
    finally:
        # The unit's own end is bounded.
        said = host.run(f"while systemctl is-active --quiet {UNIT}; do sleep 0.5; done; cat {FILE}.json")
        for name, value in json.loads(said or "{}").items():
            setattr(result, name, value)
