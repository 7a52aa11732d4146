"""A release whose proof must fail: a copy of this checkout whose pages name a static file on the origin."""

import json
from pathlib import Path

from rehearsal import altered
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase

MIDDLEWARE = """
class OriginImage:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = response.content.replace(b"</body>", b'<img src="/static/a.png" alt=""></body>')
        return response
"""
LINES = '\nMIDDLEWARE = [*MIDDLEWARE, "origin_image.OriginImage"]\n'


def checkout(target: Path, settings: str) -> Path:
    """Writes to ``target`` a checkout of the site with these ``settings`` and that middleware."""
    altered.checkout(target)
    (target / "project" / "origin_image.py").write_text(MIDDLEWARE)
    with altered.module(target, settings).open("a") as file:
        file.write(LINES)
    return target


def deploy_failing_proof(run: Run, phase: Phase) -> None:
    """The earlier release must serve again, without a failed request."""
    before = _serving(run)
    copy = checkout(run.site.directory / "failed-proof", run.site.user_site.settings)
    env = altered.environment(run.site, copy)
    # One page is enough.
    env["SMOKE_ARGS"] += " --depth quick --max-pages 1 --full-pages 1 --minutes 2"
    with run.under_load("a release that goes back"):
        status, output = run.log.run("deploy-failed-proof", tool("deploy"), env=env, cwd=copy, into=phase)
    line = (output.strip().splitlines() or ["no output"])[-1]
    failed = status == 1 and line.startswith("slipway: the proof failed: ")
    run.log.check(
        "A release whose proof fails goes back by itself, and says so in its last line",
        failed and line.endswith(f"; rolled back to {before}, which is live") and _serving(run) == before,
        f"exit status {status}; {line}",
    )
    lock = run.host.run("flock --nonblock /run/slipway-deploy.lock echo free || echo held").strip()
    run.log.check("It has released the lock", lock == "free", lock)


def _serving(run: Run) -> str:
    releases = json.loads(run.host.run("slipway releases"))
    return next((each["id"] for each in releases if each["current"]), "none")
