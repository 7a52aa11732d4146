"""`make rehearse`: `make deploy` itself against a throwaway 512 MB machine, proved, without any account."""

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from deploy import config
from deploy.errors import SlipwayError
from rehearsal import report
from rehearsal.acts import SITE_STATE, Acts
from rehearsal.diary import Diary
from rehearsal.machine import image, needs
from rehearsal.machine.boot import MEMORY_MB, Machine
from rehearsal.processes import Processes
from rehearsal.storm import UPLOADS
from rehearsal.world import World
from tests.smoke.options import find_browser

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".slipway" / "rehearsal"
SNAPSHOT = "provisioned"
# Command → Debian package. The proof would go on without a browser; a rehearsal must not.
NEEDS = {"pebble": "pebble", "pebble-challtestsrv": "pebble", "certutil": "libnss3-tools"}
WORLD = "Start the stand-ins: S3, CloudFront's API and edge, an ACME authority, names"
CLOUD = "Provision the bucket, the certificate and the CDN"
SETTLING = 60  # s between the proof and the measurement


def main() -> int:
    options = _options()
    # SIGTERM unwinds like Ctrl-C, so that what was started is ended either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        browser = {} if find_browser() else {"chromium": "chromium"}
        needs.require(needs.RUN | NEEDS | browser, "a rehearsal")
        if not options.resume:
            _forget()
        diary = Diary(STATE / "log")
        with Processes(STATE / "log") as processes:
            acts = Acts(World(STATE, config.load()), Machine(options.os, STATE / options.os), processes, diary)
            try:
                _play(acts, resume=options.resume, storm=options.storm)
            except SlipwayError as error:
                diary.failure = str(error)
                print(f"slipway: {error}", file=sys.stderr, flush=True)
            finally:
                acts.machine.stop()
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return _conclude(acts, options.os)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.rehearse", description=__doc__)
    parser.add_argument("--os", default=os.environ.get("OS") or "trixie", help="Debian release: %(default)s")
    parser.add_argument("--resume", action="store_true", help="go on from the machine that was provisioned last")
    parser.add_argument("--storm", action="store_true", help="one act more: all that takes memory, at once")
    options = parser.parse_args()
    if options.os not in image.RELEASES:
        parser.error(f"OS={options.os}: no such image; choose one of {', '.join(image.RELEASES)}")
    return options


def _forget() -> None:
    """A cold rehearsal knows nothing of an earlier one; only the machine's images are kept."""
    shutil.rmtree(STATE, ignore_errors=True)
    shutil.rmtree(SITE_STATE, ignore_errors=True)
    STATE.mkdir(parents=True)


def _play(acts: Acts, *, resume: bool, storm: bool) -> None:
    _open_resumed(acts) if resume else _open(acts)
    with acts.diary.phase(f"Let it settle for {SETTLING} s, and measure the memory"):
        time.sleep(SETTLING)
        acts.measure()
    with acts.diary.phase("Look whether the host is hardened"):
        acts.inspect()
    with acts.diary.phase("make deploy PROVISION=1: a release under load, and the playbook once more") as phase:
        acts.release_under_load(phase)
    with acts.diary.phase("make rollback under load") as phase:
        acts.rollback_under_load(phase)
    if storm:
        with acts.diary.phase(f"make deploy beside an upgrade, a renewal and {UPLOADS} uploads") as phase:
            acts.storm(phase)


def _open(acts: Acts) -> None:
    """From nothing to a site that was proved, changed by hand, repaired and proved once more, signed in."""
    diary, machine = acts.diary, acts.machine
    with diary.phase(f"Make the {machine.release} image, unless it is there"):
        image.ensure(machine.release)
    with diary.phase(f"Boot a bare {machine.release} machine: {MEMORY_MB} MB, one CPU"):
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
    with diary.phase("make deploy: to a host that was changed by hand, and the proof signed in") as phase:
        acts.drift(phase)
        acts.judge_proof()


def _open_resumed(acts: Acts) -> None:
    """From the saved machine to a new release on it; the playbook is played only if it changed."""
    diary = acts.diary
    with diary.phase("Resume the machine that was provisioned"):
        acts.world.check_ports()
        acts.machine.boot(acts.processes, snapshot=SNAPSHOT, user="deploy")
    with diary.phase(WORLD):
        acts.start_world()
        acts.sign_in()
    with diary.phase(CLOUD):
        acts.provision_cloud()
    with diary.phase("make deploy") as phase:
        acts.deploy(phase)
        acts.judge_proof()


def _conclude(acts: Acts, release: str) -> int:
    diary = acts.diary
    page = report.write(STATE / "report", diary, acts.seen, f"Debian {release}, {MEMORY_MB} MB, one emulated CPU")
    failed = [finding.what for finding in diary.findings if not finding.held]
    print(
        f"\n{'held' if diary.held else 'did not hold'} after {diary.seconds / 60:.1f} minutes"
        + (f": {diary.failure or '; '.join(failed)}" if not diary.held else "")
        + f"\n  report  {page.relative_to(ROOT)}\n  logs    {diary.logs.relative_to(ROOT)}"
    )
    return 0 if diary.held else 1


if __name__ == "__main__":
    sys.exit(main())
