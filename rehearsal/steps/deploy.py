"""One more release, with its proof; a release and a rollback under load."""

import json
import re

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import SITE_STATE
from rehearsal.steps.slow_request import slow_request
from slipway.tool.server import playbook


def deploy(run: Run, phase: Phase) -> None:
    """A deploy, which runs the playbook only if needed."""
    run.command("deploy", phase, "deploy")
    check_proof(run)


def deploy_under_load(run: Run, phase: Phase) -> None:
    """A deploy that runs the playbook in any case."""
    with run.under_load("a release"):
        output = run.command("deploy-under-load", phase, "deploy", "--provision", "--no-smoke")
    changed = re.search(r"(\d+) changed;", output)
    tasks = playbook.changed((SITE_STATE / "log" / "provision.log").read_text())
    run.log.check(
        "The playbook changes nothing on a host without drift",
        bool(changed and changed[1] == "0"),
        f"changed={changed[1] if changed else 'unknown'} {', '.join(tasks)}".strip(),
    )


def rollback_under_load(run: Run, phase: Phase) -> None:
    with run.under_load("a rollback"), slow_request(run.host) as result:
        run.command("rollback", phase, "rollback")
    run.log.check("Nobody waits for a slow request during a rollback", result.passed, str(result))


def check_proof(run: Run) -> None:
    """Whether the proof of the latest deploy passed, and whether it signed in."""
    run.results.smoke = SITE_STATE / "report"
    proof = json.loads((run.results.smoke / "smoke.json").read_text())
    run.log.check("No static request reaches the origin", proof["verdict"] == "passed", proof["sentence"])
    pages = [page["signed_in"] for page in proof["pages"]]
    check_login(run, "The proof signed in", any(pages), f"{sum(pages)} of {len(pages)} pages")


def check_login(run: Run, what: str, passed: bool, result: str) -> None:
    """A check that needs a project with a login."""
    if json.loads(run.host.run("cat /etc/slipway/sign-in.json")):
        run.log.check(what, passed, result)
    else:
        run.log.skip(what, "no path of the project takes a password")
