"""`make rehearse`: `make deploy` itself against a throwaway 512 MB machine, proved, without any account."""

import argparse
import fcntl
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal import report
from rehearsal.host import ADMIN
from rehearsal.machine import kinds, needs, ssh
from rehearsal.machine.machine import Machine
from rehearsal.processes import Processes
from rehearsal.run import Run
from rehearsal.run_log import RunLog
from rehearsal.server_site import SECOND_STATE, SITE_STATE, ServerSite, shell
from rehearsal.steps import first_deploy
from rehearsal.steps.order import Step, steps
from slipway import ROOT
from slipway.tool import config
from slipway.web.errors import SlipwayError
from static_smoke.options import find_browser

STATE = ROOT / ".slipway" / "rehearsal"
LOCK = ROOT / ".slipway" / "rehearsal.lock"
# In the state of the rehearsal's site: the directory of the rehearsal that it belongs to.
RUN_IN = "run-in"
SNAPSHOT = "provisioned"
# Command → Debian package. A proof can run without a browser; a rehearsal must not.
NEEDS = {"pebble": "pebble", "pebble-challtestsrv": "pebble", "certutil": "libnss3-tools"}
# The WAL of a machine that is resumed is another than what it archived before: it would find that out at some segment.
NEW_GENERATION = """cd / && rm -f /var/lib/slipway/backup/generation.json
runuser -u postgres -- psql -qXAt -c "select pg_logical_emit_message(false, 'slipway', ''), pg_switch_wal()" > /dev/null
for tried in $(seq 300); do test -s /var/lib/slipway/backup/generation.json && exit; sleep 0.2; done; exit 1"""
STAND_INS = "Start the stand-ins: S3, CloudFront's API and edge, an ACME authority, names"
CLOUD = "Provision the bucket, the certificate and the CDN"


def main() -> int:
    options = _options()
    # SIGTERM raises like Ctrl-C, so that all processes are ended either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        require()
        machine = kinds.machine(options.machine, options.os, STATE / f"{options.machine}-{options.os}")
        machine.check()
        with alone():
            if not options.resume:
                reset(STATE)
            elif not ran_last(STATE):
                raise SlipwayError("RESUME=1: there is no rehearsal to go on from, or another ran since; leave it out")
            with environment(machine, STATE) as run:
                _rehearse(run, options)
            return conclude(run)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _rehearse(run: Run, options: argparse.Namespace) -> None:
    resume(run, SNAPSHOT) if options.resume else begin(run)
    if options.keep:
        _keep(run)
        return
    for step in steps(resumed=options.resume, stressed=options.stress, told=options.alarms, burnt=options.disaster):
        run_step(run, step)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.rehearse", description=__doc__)
    kinds.add_options(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the machine that was provisioned last")
    parser.add_argument("--stress", action="store_true", help="one step more: everything that takes memory, at once")
    parser.add_argument("--alarms", action="store_true", help="one step more: what is told of a failure, in 8 minutes")
    parser.add_argument("--disaster", action="store_true", help="one step more: the server is lost, and restored anew")
    parser.add_argument("--keep", action="store_true", help="leave machine and stand-ins up after the first deploy")
    return parser.parse_args()


def require() -> None:
    """Raises SlipwayError with what this system is missing for a rehearsal on any machine."""
    browser = {} if find_browser() else {"chromium": "chromium"}
    needs.require(NEEDS | browser, "a rehearsal")


@contextmanager
def alone() -> Iterator[None]:
    """Raises SlipwayError when another rehearsal runs in this checkout: both would use the same state."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SlipwayError("another rehearsal runs in this checkout; wait for it, or end it") from None
        yield


def reset(directory: Path) -> None:
    """Deletes the state of an earlier rehearsal; only the machine's images are kept."""
    shutil.rmtree(directory, ignore_errors=True)
    for state in (SITE_STATE, SECOND_STATE):
        shutil.rmtree(state, ignore_errors=True)
    directory.mkdir(parents=True)
    SITE_STATE.mkdir()
    (SITE_STATE / RUN_IN).write_text(str(directory))


def ran_last(directory: Path) -> bool:
    """Whether the last rehearsal in this checkout was the one in ``directory``."""
    file = SITE_STATE / RUN_IN
    return file.exists() and file.read_text() == str(directory)


@contextmanager
def environment(machine: Machine, directory: Path) -> Iterator[Run]:
    """The environment of a rehearsal. A SlipwayError ends it and is logged. Its machines are stopped at the end of
    the block."""
    log = RunLog(directory / "log")
    with Processes(directory / "log") as processes:
        run = Run(ServerSite(directory, config.load(), processes, machine), log)
        try:
            yield run
        except SlipwayError as error:
            log.failure = str(error)
            print(f"slipway: {error}", file=sys.stderr, flush=True)
        finally:
            for each in reversed(run.machines):
                each.stop()


def run_step(run: Run, step: Step) -> None:
    with run.log.phase(step.title) as phase:
        step.function(run, phase)


def begin(run: Run) -> None:
    """Deploys a site to a fresh machine, proves it, and saves the machine."""
    log, machine = run.log, run.machine
    with log.phase(f"Make the {machine.release} image, unless it is there"):
        machine.prepare()
    with log.phase(f"Boot a bare {machine.release} machine: {machine.described}"):
        machine.boot(run.site.processes)
    with log.phase(STAND_INS):
        first_deploy.start(run)
    with log.phase("Give the bare machine its names and authorities"):
        run.host.prepare()
    with log.phase(CLOUD):
        first_deploy.provision_cloud(run)
    with log.phase("make deploy") as phase:
        first_deploy.deploy(run, phase)
    with log.phase("Seed the database, and let the proof sign in"):
        first_deploy.seed(run)
    with log.phase("Save the machine for RESUME=1"):
        machine.save(SNAPSHOT)


def resume(run: Run, snapshot: str) -> None:
    """Resumes a saved machine with the site on it."""
    log = run.log
    with log.phase(f"Resume the {run.machine.release} machine that was saved"):
        run.site.check_ports()
        run.machine.boot(run.site.processes, snapshot=snapshot, user="deploy")
    with log.phase(STAND_INS):
        first_deploy.start(run)
        first_deploy.sign_in(run)
    with log.phase(CLOUD):
        first_deploy.provision_cloud(run)
    with log.phase("Back up into a new generation: the machine has gone back in time") as phase:
        run.host.run(NEW_GENERATION)
        run.command("backup-resumed", phase, "backup")


def _keep(run: Run) -> None:
    """Leaves everything up for deploys and drills by hand."""
    file = run.site.directory / "deployer.env"
    file.touch(mode=0o600)
    file.write_text(shell(run.site.deployer("admin")))
    print(
        f"\nthe site is up, until Ctrl-C; in another shell:\n  . {file.relative_to(ROOT)}\n  make deploy\n"
        f"  ssh -F {run.machine.ssh_config.relative_to(ROOT)} -l {ADMIN} {ssh.HOST} sudo -i",
        flush=True,
    )
    signal.pause()


def conclude(run: Run) -> int:
    """Writes the report, prints the verdict, and returns the exit status."""
    log, machine, directory = run.log, run.machine, run.site.directory
    page = report.write(directory / "report", log, run.results, f"Debian {machine.release}, {machine.described}")
    failed = [check.what for check in log.checks if check.passed is False]
    skipped = sum(check.passed is None for check in log.checks)
    print(
        f"\n{'passed' if log.passed else 'failed'} after {log.seconds / 60:.1f} minutes"
        + (f": {log.failure or '; '.join(failed)}" if not log.passed else "")
        + (f"; {skipped} checks are not possible here, the report says why" if skipped else "")
        + f"\n  report  {page.relative_to(ROOT)}\n  logs    {log.logs.relative_to(ROOT)}",
        flush=True,
    )
    return 0 if log.passed else 1


if __name__ == "__main__":
    sys.exit(main())
