"""Processes that end, a machine that boots, and one that runs out of memory."""

import contextlib
import subprocess
import time

from rehearsal.drills.drill import deploy, loaded, serving
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from rehearsal.steps import upgrades
from slipway import ROOT
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

MASTER = f"systemctl show --property=MainPID --value {LAYOUT.site_unit}"
# Three times what the machine has; in a group of its own, as a program of an operator's is.
HOG = "import time; held = bytearray(1500 << 20); time.sleep(20)"
TAKE = f"systemd-run --quiet --collect --unit=drill-hog python3 -c '{HOG}'"
TAKEN = "while systemctl is-active --quiet drill-hog; do sleep 0.5; done; systemctl reset-failed drill-hog || true"
SURVIVORS = "head -qn1 /var/lib/postgresql/*/main/postmaster.pid; systemctl show --property=MainPID --value ssh"
MEMORY_BACK, MASTER_BACK = 30, 5  # s
BOOTED = 60  # s
PATIENCE = 120  # s


def kill_worker(run: Run, phase: Phase) -> None:
    with loaded(run, "a worker that is killed", allowed=1):
        run.host.run(f"pkill -KILL --oldest --parent $({MASTER})")


def kill_master(run: Run, phase: Phase) -> None:
    with loaded(run, "a Gunicorn that is killed", allowed=2):
        began = time.monotonic()
        run.host.run(f"kill -KILL $({MASTER})")
        seconds = _until_ready(run, began)
    run.log.check(f"A killed Gunicorn is back in {MASTER_BACK} s", seconds <= MASTER_BACK, f"{seconds:.1f} s")


def restart_postgresql(run: Run, phase: Phase) -> None:
    """Pages wait for it; the ready check says at once that it is away."""
    load = run.load(light=())
    run.results.loads["a restart of PostgreSQL"] = requests = load.requests
    with load:
        run.host.run("systemctl restart postgresql")
        _until_ready(run, time.monotonic())
    run.log.check(
        "No page fails during a restart of PostgreSQL", not requests.failed and requests.sent > 0, str(requests)
    )
    run.host.run("systemctl stop 'postgresql@*'")
    try:
        code = run.visit("/healthz/ready").status
    finally:
        run.host.run("systemctl start postgresql")
    seconds = _until_ready(run, time.monotonic())
    run.log.check(
        "/healthz/ready answers 503 without PostgreSQL, and 200 with it",
        code == 503,
        f"{code}; 200 after {seconds:.1f} s",
    )


def hog_memory(run: Run, phase: Phase) -> None:
    before = run.host.run(SURVIVORS)
    run.host.run(f"{TAKE}; {TAKEN}")
    seconds = _until_ready(run, time.monotonic())
    after = run.host.run(SURVIVORS)
    run.log.check(
        "PostgreSQL and sshd survive a program that takes all memory", before == after, " ".join(after.split())
    )
    run.log.check(f"The site is back {MEMORY_BACK} s after it", seconds <= MEMORY_BACK, f"{seconds:.1f} s")


def reboot(run: Run, phase: Phase) -> None:
    began = time.monotonic()
    upgrades.reboot(run, phase)
    seconds = time.monotonic() - began
    run.log.check(f"It is back within {BOOTED} s", seconds <= BOOTED, f"{seconds:.0f} s, with make status")


def reboot_in_a_deploy(run: Run, phase: Phase) -> None:
    before, booted = serving(run), run.host.run(upgrades.BOOTED)
    command, env = tool("deploy", "--no-smoke"), run.site.deployer("admin") | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith("▸ Migrate"):
                run.host.run("systemctl reboot --no-block")
                break
        said = process.stdout.read()
    began = time.monotonic()
    while not upgrades._is_back(run, booted):
        if time.monotonic() - began > PATIENCE:
            raise SlipwayError(f"the site is not back {PATIENCE} s after a reboot")
    errors = [line for line in said.splitlines() if line.startswith(("slipway: ", "Traceback"))]
    passed = (
        process.returncode != 0 and len(errors) == 1 and errors[0].startswith("slipway: ") and serving(run) == before
    )
    run.log.check(
        "A reboot in a deploy ends it in one line, and the old release serves",
        passed,
        errors[-1] if errors else "it said nothing",
    )
    status, said = deploy(run, "after-reboot")
    run.log.check("The same command succeeds afterwards", status == 0, said.strip().splitlines()[-1])


def _until_ready(run: Run, began: float) -> float:
    """The seconds since ``began`` until the site is ready. Raises SlipwayError when it does not get so."""
    while time.monotonic() - began < PATIENCE:
        with contextlib.suppress(OSError):
            if run.visit("/healthz/ready").status == 200:
                return time.monotonic() - began
        time.sleep(0.2)
    raise SlipwayError(f"the site is not ready after {PATIENCE} s")
