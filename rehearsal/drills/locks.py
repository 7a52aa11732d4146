"""Deploys that are killed, cut off or begun twice."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from rehearsal import altered
from rehearsal.drills import migrations
from rehearsal.drills.drill import deploy, last, loaded, serving
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from slipway import ROOT

# Where a deploy is cut off: the beginnings of its phases' titles.
STAGES = ("Build", "Send release", "Migrate", "Check:", "Switch", "Prune")
# Ends the sessions of the deploying machine, as a broken line does; also the one that asks for it, a moment later. The
# brackets keep the pattern from its own command line.
DROP = "systemd-run --quiet --collect sh -c \"sleep 0.2; pkill -KILL -f '[s]shd(-session)?: deploy'; true\""


def kill_at_each_stage(run: Run, phase: Phase) -> None:
    _cut_off(run, "killed", lambda process: os.killpg(process.pid, signal.SIGKILL))


def drop_ssh(run: Run, phase: Phase) -> None:
    _cut_off(run, "cut off from SSH", lambda _: run.host.run(DROP))


def _cut_off(run: Run, how: str, end: Callable[[subprocess.Popen], object]) -> None:
    """At each stage: the release of before serves, or the one that was being deployed; a rerun succeeds."""
    wrong: list[str] = []
    # A deploy without a new migration has no such stage.
    migrating = migrations.checkout(run, {f"0002_{how.split()[0]}": migrations.EMPTY})
    with loaded(run, f"deploys that are {how}"):
        for stage in STAGES:
            env, cwd = run.site.deployer("admin"), ROOT
            if stage == "Migrate":
                env, cwd = altered.environment(run.site, migrating), migrating
            before = serving(run)
            said = _until(stage, end, env, cwd)
            if f"▸ {stage}" not in said:
                wrong.append(f"{stage}: the deploy ended before it: {last(said)}")
                continue
            sent = re.search(r"▸ Send release (\S+)", said)
            if (now := serving(run)) not in (before, sent and sent[1]):
                wrong.append(f"{stage}: {now} serves")
            status, said = deploy(run, "after-it", env=env, cwd=cwd)
            if status:
                wrong.append(f"{stage}: the rerun failed: {last(said)}")
    what = f"A deploy that is {how} leaves the old or the new release serving, and the rerun succeeds"
    run.log.check(what, not wrong, "; ".join(wrong) or f"at each of {', '.join(STAGES)}")


def _until(stage: str, end: Callable[[subprocess.Popen], object], env: dict[str, str], cwd: Path) -> str:
    """Runs a deploy until it says that ``stage`` begins, ends it, and waits for it. Returns what it said."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    said, env = [], env | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(tool("deploy", "--no-smoke"), cwd=cwd, env=env, start_new_session=True, **pipes) as process:
        for line in process.stdout:
            said.append(line)
            if line.startswith(f"▸ {stage}"):
                end(process)
                break
        said.append(process.stdout.read())
    return "".join(said)


def two_at_once(run: Run, phase: Phase) -> None:
    with loaded(run, "two deploys at once"):
        command, env = tool("deploy", "--no-smoke"), run.site.deployer("admin")
        with subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as first:
            for line in first.stdout:
                if line.startswith("▸ Send release"):
                    break
            status, said = deploy(run, "second")
            first.stdout.read()
            first.wait()
    named = re.search(r"held by \S+@\S+ since \d{4}-", last(said))
    run.log.check("The second of two deploys says who holds the lock, since when", bool(status and named), last(said))
    run.log.check("The first of them is live", first.returncode == 0, serving(run))


def stale_lock(run: Run, phase: Phase) -> None:
    """Its holder is alive, and will never end."""
    hold = "sleep 600 | slipway hold somebody@elsewhere > /run/drill-lock"
    held = "until test -s /run/drill-lock; do sleep 0.1; done"
    run.host.run(f"systemd-run --quiet --collect --unit=drill-lock sh -c '{hold}'; {held}")
    try:
        status, said = deploy(run, "stale-lock")
        rejected = bool(status) and "somebody@elsewhere" in last(said)
        run.log.check("A lock that somebody holds is named", rejected, last(said))
        run.command("unlock", phase, "unlock")
        status, said = deploy(run, "after-unlock")
    finally:
        run.host.run("systemctl stop drill-lock 2>/dev/null || true; rm -f /run/drill-lock")
    run.log.check("After make unlock a deploy succeeds", status == 0, last(said))
