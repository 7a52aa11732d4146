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
from rehearsal.host import ADMIN
from rehearsal.machine import image, kinds, needs, ssh
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
        needs.require(NEEDS | browser, "a rehearsal")
        if not options.resume:
            _forget()
        diary = Diary(STATE / "log")
        machine = kinds.KINDS[options.machine](options.os, STATE / f"{options.machine}-{options.os}")
        with Processes(STATE / "log") as processes:
            acts = Acts(World(STATE, config.load()), machine, processes, diary)
            try:
                _open_resumed(acts) if options.resume else _open(acts)
                if options.keep:
                    _keep(acts)
                else:
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
    return _conclude(acts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.rehearse", description=__doc__)
    parser.add_argument("--os", default=os.environ.get("OS") or "trixie", help="Debian release: %(default)s")
    parser.add_argument("--resume", action="store_true", help="go on from the machine that was provisioned last")
    parser.add_argument("--storm", action="store_true", help="one act more: all that takes memory, at once")
    parser.add_argument(
        "--machine",
        choices=kinds.KINDS,
        default=os.environ.get("MACHINE") or kinds.DEFAULT,
        help="what the server runs in: %(default)s",
    )
    parser.add_argument(
        "--keep", action="store_true", help="after the first deploy, leave machine and stand-ins up until Ctrl-C"
    )
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
    diary = acts.diary
    if resume:
        with diary.phase("make deploy") as phase:
            acts.deploy(phase)
    else:
        with diary.phase("make deploy: to a host that was changed by hand, and the proof signed in") as phase:
            acts.drift(phase)
    acts.judge_proof()
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


def _open_resumed(acts: Acts) -> None:
    """From the saved machine to the same site on it."""
    diary = acts.diary
    with diary.phase("Resume the machine that was provisioned"):
        acts.world.check_ports()
        acts.machine.boot(acts.processes, snapshot=SNAPSHOT, user="deploy")
    with diary.phase(WORLD):
        acts.start_world()
        acts.sign_in()
    with diary.phase(CLOUD):
        acts.provision_cloud()


def _keep(acts: Acts) -> None:
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


def _conclude(acts: Acts) -> int:
    diary, machine = acts.diary, acts.machine
    page = report.write(STATE / "report", diary, acts.seen, f"Debian {machine.release}, {machine.described}")
    failed = [finding.what for finding in diary.findings if not finding.held]
    print(
        f"\n{'held' if diary.held else 'did not hold'} after {diary.seconds / 60:.1f} minutes"
        + (f": {diary.failure or '; '.join(failed)}" if not diary.held else "")
        + f"\n  report  {page.relative_to(ROOT)}\n  logs    {diary.logs.relative_to(ROOT)}"
    )
    return 0 if diary.held else 1


if __name__ == "__main__":
    sys.exit(main())
