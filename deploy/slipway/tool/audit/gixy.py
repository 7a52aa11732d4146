"""gixy-next on the configuration that the server's nginx runs."""

import json
import subprocess
from pathlib import Path

from slipway.tool.audit import Verdict, judged
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError


def judge(connection: Connection, programs: Path) -> Verdict:
    """``programs``: the folder with gixy."""
    dumped = connection.run("nginx -T 2>/dev/null")
    done = subprocess.run(
        [programs / "gixy", "--format", "json", "-"], input=dumped, capture_output=True, text=True, check=False
    )
    try:
        return verdict(json.loads(done.stdout))
    except ValueError:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise SlipwayError(f"gixy: {lines[-1] if lines else 'printed nothing'}") from None


def verdict(found: list[dict[str, str]]) -> Verdict:
    return judged("gixy", [f"{each['severity']} {each['plugin']}: {each['summary']}" for each in found], "0 issues")
