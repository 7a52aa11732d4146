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
from rehearsal.run import SITE_STATE, Run
from rehearsal.run_log import RunLog
from rehearsal.server_site import ServerSite
from rehearsal.steps.order import Step, steps
from slipway.tool import config
from slipway.web.errors import SlipwayError
from tests.smoke.options import find_browser

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".slipway" / "rehearsal"
LOCK = ROOT / ".slipway" / "rehearsal.lock"
# In the state of the rehearsal's site: whose it is.
PLAYED_IN = "played-in"
SNAPSHOT = "provisioned"
# Command → Debian package. The proof would go on without a browser; a rehearsal must not.
NEEDS = {"pebble": "pebble", "pebble-challtestsrv": "pebble", "certutil": "libnss3-tools"}
WORLD = "Start the stand-ins: S3, CloudFront's API and edge, an ACME authority, names"
CLOUD = "Provision the bucket, the certificate and the CDN"


def main() -> int:
    options = _options()
    # SIGTERM unwinds like Ctrl-C, so that what was started is ended either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        require()
        machine = kinds.machine(options.machine, options.os, STATE / f"{options.machine}-{options.os}")
        machine.check()
        with alone():
            if not options.resume:
                forget(STATE)
            elif not played_last(STATE):
                raise SlipwayError(
                    "RESUME=1: there is no rehearsal to go on from, or another was played since; leave it out"
                )
            with stage(machine, STATE) as acts:
                _rehearse(acts, options)
            return conclude(acts)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _rehearse(acts: Run, options: argparse.Namespace) -> None:
    resume(acts, SNAPSHOT) if options.resume else begin(acts)
    if options.keep:
        _keep(acts)
        return
    for step in steps(resumed=options.resume, storm=options.storm):
        play(acts, step)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.rehearse", description=__doc__)
    kinds.add_options(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the machine that was provisioned last")
    parser.add_argument("--storm", action="store_true", help="one step more: all that takes memory, at once")
    parser.add_argument("--keep", action="store_true", help="leave machine and stand-ins up after the first deploy")
    return parser.parse_args()


def require() -> None:
    """Raises SlipwayError naming what a rehearsal on any machine needs and this system lacks."""
    browser = {} if find_browser() else {"chromium": "chromium"}
    needs.require(NEEDS | browser, "a rehearsal")


@contextmanager
def alone() -> Iterator[None]:
    """Raises SlipwayError when another rehearsal is played in this checkout: they would take each other's state."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SlipwayError("another rehearsal is being played in this checkout; wait for it, or end it") from None
        yield


def forget(directory: Path) -> None:
    """A cold rehearsal knows nothing of an earlier one; only the machine's images are kept."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.rmtree(SITE_STATE, ignore_errors=True)
    directory.mkdir(parents=True)
    SITE_STATE.mkdir()
    (SITE_STATE / PLAYED_IN).write_text(str(directory))


def played_last(directory: Path) -> bool:
    """Whether what `deploy` keeps of the rehearsal's site is of the one in ``directory``."""
    file = SITE_STATE / PLAYED_IN
    return file.exists() and file.read_text() == str(directory)


@contextmanager
def stage(machine: Machine, directory: Path) -> Iterator[Run]:
    """What a rehearsal plays on; a SlipwayError ends it and is noted. The machine has ended when the block is left."""
    diary = RunLog(directory / "log")
    with Processes(directory / "log") as processes:
        acts = Run(ServerSite(directory, config.load()), machine, processes, diary)
        try:
            yield acts
        except SlipwayError as error:
            diary.failure = str(error)
            print(f"slipway: {error}", file=sys.stderr, flush=True)
        finally:
            machine.stop()


def play(acts: Run, step: Step) -> None:
    with acts.diary.phase(step.title) as phase:
        step.play(acts, phase)


def begin(acts: Run) -> None:
    """From nothing to a site that was proved, and a machine that was saved with it."""
    diary, machine = acts.diary, acts.machine
    with diary.phase(f"Make the {machine.release} image, unless it is there"):
        machine.prepare()
    with diary.phase(f"Boot a bare {machine.release} machine: {machine.described}"):
        machine.boot(acts.processes)
    with diary.phase(WORLD):
        acts.start_world()
    with diary.phase("Give the bare machine its names and authorities"):
        acts.place()
    with diary.phase(CLOUD):
        acts.provision_cloud()
    with diary.phase("make deploy") as phase:
        acts.deploy(phase)
    with diary.phase("Hang photos on the wall, and let a person sign in"):
        acts.fill()
    with diary.phase("Save the machine for RESUME=1"):
        machine.save(SNAPSHOT)


def resume(acts: Run, snapshot: str) -> None:
    """From a saved machine to the same site on it."""
    diary = acts.diary
    with diary.phase(f"Resume the {acts.machine.release} machine that was saved"):
        acts.world.check_ports()
        acts.machine.boot(acts.processes, snapshot=snapshot, user="deploy")
    with diary.phase(WORLD):
        acts.start_world()
        acts.sign_in()
    with diary.phase(CLOUD):
        acts.provision_cloud()


def _keep(acts: Run) -> None:
    """Leaves all of it up for deploys and drills by hand."""
    file = acts.world.directory / "deployer.env"
    file.touch(mode=0o600)
    file.write_text(acts.shell())
    print(
        f"\nthe site is up, until Ctrl-C; in another shell:\n  . {file.relative_to(ROOT)}\n  make deploy\n"
        f"  ssh -F {acts.machine.ssh_config.relative_to(ROOT)} -l {ADMIN} {ssh.HOST} sudo -i",
        flush=True,
    )
    signal.pause()


def conclude(acts: Run) -> int:
    """Writes the report, says the verdict, and returns the exit status."""
    diary, machine, directory = acts.diary, acts.machine, acts.world.directory
    page = report.write(directory / "report", diary, acts.seen, f"Debian {machine.release}, {machine.described}")
    failed = [finding.what for finding in diary.findings if finding.held is False]
    left_open = sum(finding.held is None for finding in diary.findings)
    print(
        f"\n{'held' if diary.held else 'did not hold'} after {diary.seconds / 60:.1f} minutes"
        + (f": {diary.failure or '; '.join(failed)}" if not diary.held else "")
        + (f"; {left_open} claims are not shown here, the report says why" if left_open else "")
        + f"\n  report  {page.relative_to(ROOT)}\n  logs    {diary.logs.relative_to(ROOT)}",
        flush=True,
    )
    return 0 if diary.held else 1


if __name__ == "__main__":
    sys.exit(main())
