"""gixy-next on the configuration that the server's nginx runs."""

import json
import subprocess
from pathlib import Path

from slipway.tool.audit import Verdict, judged
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

# Plugin → what its reason must not name: an issue is none here otherwise.
REASONS = {
    # A request for a name that is not the site's is closed unanswered (444): nobody gets a hint of what is served.
    "http2_misdirected_request": (),
    # The short answers of nginx's own (too many requests, a URL too long, 503) repeat our headers. Those that a site
    # adds in project/nginx are for its pages.
    "add_header_redefinition": ("x-origin", "strict-transport-security"),
}


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
    open_ones = [each for each in found if not _is_explained(each)]
    findings = [f"{each['severity']} {each['plugin']}, line {each['line']}: {each['reason']}" for each in open_ones]
    return judged("gixy", findings, f"0 issues; {len(found)} with a reason")


def _is_explained(issue: dict[str, str]) -> bool:
    named = REASONS.get(issue["plugin"])
    return named is not None and not any(each in issue["reason"].lower() for each in named)
