"""The throwaway 512 MB server by hand: image, boot, ssh, stop."""

import argparse
import os
import signal
import sys
import time

from deploy.errors import SlipwayError
from rehearsal.machine import accelerator, image, ssh
from rehearsal.machine.boot import Machine
from rehearsal.processes import Processes


def main() -> int:
    options = _options()
    # SIGTERM unwinds like Ctrl-C, so that the machine ends either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _VERBS[options.verb](options)
    except KeyboardInterrupt:
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.machine", description=__doc__)
    parser.add_argument("--os", default=os.environ.get("OS") or "trixie", help="Debian release: %(default)s")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("image", help="make the disk image, unless it is there, and see whether KVM runs it")
    boot = verbs.add_parser("boot", help="boot a fresh machine; Ctrl-C or `stop` ends it")
    boot.add_argument("--resume", metavar="SNAPSHOT", default="", help="go on from a saved state instead")
    into = verbs.add_parser("ssh", help="a shell in it, or one command")
    into.add_argument("--user", default="root")
    into.add_argument("command", nargs="*")
    save = verbs.add_parser("save", help="save memory and disk for `boot --resume`")
    save.add_argument("snapshot")
    verbs.add_parser("stop", help="shut it down")
    return parser.parse_args()


def _image(options: argparse.Namespace) -> int:
    start = time.monotonic()
    made = image.ensure(options.os)
    accelerated = accelerator.choose(made).partition(",")[0]
    print(f"{made.disk.parent.name} is there, {accelerated} runs it  ({time.monotonic() - start:.0f} s)", flush=True)
    return 0


def _boot(options: argparse.Namespace) -> int:
    machine = Machine(options.os)
    start = time.monotonic()
    with Processes(image.STATE / "log") as processes:
        process = machine.boot(processes, snapshot=options.resume)
        print(f"ready after {time.monotonic() - start:.0f} s: ssh -F {machine.ssh_config} root@{ssh.HOST}")
        print("ports " + ", ".join(f"{guest} is 127.0.0.1:{host}" for guest, host in machine.ports.items()), flush=True)
        try:
            process.wait()
        finally:
            machine.stop()
    return 0


def _ssh(options: argparse.Namespace) -> int:
    machine = _running(options.os)
    os.execvp("ssh", ["ssh", "-F", str(machine.ssh_config), "-l", options.user, ssh.HOST, *options.command])


def _save(options: argparse.Namespace) -> int:
    _running(options.os).save(options.snapshot)
    return 0


def _stop(options: argparse.Namespace) -> int:
    _running(options.os).stop()
    return 0


def _running(release: str) -> Machine:
    machine = Machine(release)
    if not machine.running():
        raise SlipwayError(f"no {release} machine is running; python -m rehearsal.machine boot")
    return machine


_VERBS = {"image": _image, "boot": _boot, "ssh": _ssh, "save": _save, "stop": _stop}

if __name__ == "__main__":
    sys.exit(main())
