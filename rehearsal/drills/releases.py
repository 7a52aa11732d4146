"""Releases: good ones under load, and ones that must not serve."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

from rehearsal import altered
from rehearsal.drills.drill import check_rejected, deploy, loaded, serving
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from rehearsal.steps import deploy as deploying
from rehearsal.steps.slow_request import slow_request
from rehearsal.visitor import ask
from slipway import ROOT

DEPLOYS = 10
ROLLBACK = 30  # s
# Appended to the project's own WSGI module.
RAISES = "\nraise RuntimeError('this release cannot be imported')\n"
UNHEALTHY = """
_inner = application


def application(environ, start_response):
    if environ["PATH_INFO"].startswith("/healthz"):
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"not well"]
    return _inner(environ, start_response)
"""
SLOW = "\nimport time\n\ntime.sleep(60)\n"


def deploy_ten_times(run: Run, phase: Phase) -> None:
    with loaded(run, f"{DEPLOYS} deploys"):
        results = [deploy(run, f"healthy-{number}") for number in range(DEPLOYS)]
    failed = [said for status, said in results if status]
    run.log.check(f"Each of {DEPLOYS} deploys is live", not failed, failed[0][-200:] if failed else "all of them")


def raise_in_wsgi(run: Run, phase: Phase) -> None:
    _altered(run, "a release that raises as it is imported", RAISES, "health")


def answer_500(run: Run, phase: Phase) -> None:
    _altered(run, "a release whose /healthz answers 500", UNHEALTHY, "health")


def boot_slowly(run: Run, phase: Phase) -> None:
    _altered(run, "a release that takes 60 s to boot", SLOW, "timeout")


def _altered(run: Run, what: str, lines: str, names: str) -> None:
    """A deploy of a copy whose WSGI module has ``lines`` at its end."""
    before = serving(run)
    copy = altered.checkout(run.site.directory / "drill")
    with altered.module(copy, run.site.site.wsgi).open("a") as file:
        file.write(lines)
    with loaded(run, f"a deploy of {what}"):
        result = deploy(run, "altered", env=altered.environment(run.site, copy), cwd=Path(copy))
    check_rejected(run, what.capitalize(), result, names, before)


def roll_back(run: Run, phase: Phase) -> None:
    before, old = serving(run), _assets(run)
    deploy(run, "before-rollback")
    with loaded(run, "a rollback"):
        began = time.monotonic()
        run.command("rollback", phase, "rollback", "--to", before)
        seconds = time.monotonic() - began
    run.log.check("The release of before serves after a rollback", serving(run) == before, before)
    run.log.check(f"A rollback takes {ROLLBACK} s at most", seconds <= ROLLBACK, f"{seconds:.1f} s")
    answers = {
        path: ask(run.site.ports["cdn"], urlsplit(run.site.site.static_url).hostname, run.site.trusted, path).status
        for path in old
    }
    wrong = [f"{path}: {status}" for path, status in answers.items() if status != 200]
    run.log.check(
        "Its assets are on the CDN", bool(answers) and not wrong, "; ".join(wrong) or f"{len(answers)} of them"
    )


def _assets(run: Run) -> list[str]:
    """The paths on the static host that a page of the site names."""
    page = run.visit((run.site.site.paths or ["/"])[0]).text
    return sorted(set(re.findall(rf"{re.escape(run.site.site.static_url)}(/[^\"'\s)?]+)", page)))


def roll_back_too_far(run: Run, phase: Phase) -> None:
    before = serving(run)
    command = tool("rollback", "--to", "20200101T000000Z-00000000")
    result = run.log.run("drill-rollback", command, env=run.site.deployer("admin"), cwd=ROOT)
    check_rejected(run, "A rollback to a release that is not there", result, "20200101T000000Z-00000000", before)


def hold_a_request(run: Run, phase: Phase) -> None:
    with loaded(run, "a deploy across a slow request"), slow_request(run.host) as result:
        status, said = deploy(run, "slow-request")
    run.log.check("Nobody waits for a slow request during a deploy, and it is answered", result.passed, str(result))
    run.log.check("That deploy is live", status == 0, said[-200:].strip() if status else serving(run))


def play_again(run: Run, phase: Phase) -> None:
    deploying.deploy_under_load(run, phase)
