"""The throwaway 512 MB server by hand: image, boot, ssh, stop."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from rehearsal.machine import image, kinds, ssh
from rehearsal.machine.container.boot import Container
from rehearsal.machine.machine import Machine
from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError


def main() -> int:
    options = _options()
    # SIGTERM raises like Ctrl-C, so that the machine ends either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _ACTIONS[options.action](options)
    except KeyboardInterrupt:
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.machine", description=__doc__)
    kinds.add_options(parser)
    parser.add_argument("--directory", type=Path, help="of a machine that another program has booted")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("image", help="make the disk image, unless it exists, and test KVM with it")
    boot = actions.add_parser("boot", help="boot a fresh machine; Ctrl-C or `stop` ends it")
    boot.add_argument("--resume", metavar="SNAPSHOT", default="", help="resume a saved state instead")
    into = actions.add_parser("ssh", help="a shell in it, or one command")
    into.add_argument("--user", default="root")
    into.add_argument("command", nargs="*")
    save = actions.add_parser("save", help="save memory and disk for `boot --resume`")
    save.add_argument("snapshot")
    enter = actions.add_parser(
        "enter", help="container machines only: run a command as root, without sshd and the firewall"
    )
    enter.add_argument("command", nargs="+")
    actions.add_parser("stop", help="shut it down")
    return parser.parse_args()


def _image(options: argparse.Namespace) -> int:
    start = time.monotonic()
    machine = _machine(options)
    made = machine.prepare()
    print(f"{made} is there  ({time.monotonic() - start:.0f} s)", flush=True)
    return 0


def _boot(options: argparse.Namespace) -> int:
    machine = _machine(options)
    start = time.monotonic()
    with Processes(image.STATE / "log") as processes:
        try:
            process = machine.boot(processes, snapshot=options.resume)
            print(f"ready after {time.monotonic() - start:.0f} s: ssh -F {machine.ssh_config} root@{ssh.HOST}")
            ports = ", ".join(f"port {own} is 127.0.0.1:{port}" for own, port in machine.ports.items())
            print(f"it is {machine.address}; its {ports}", flush=True)
            process.wait()
        finally:
            machine.stop()
    return 0


def _ssh(options: argparse.Namespace) -> int:
    machine = _running(options)
    os.execvp("ssh", ["ssh", "-F", str(machine.ssh_config), "-l", options.user, ssh.HOST, *options.command])


def _save(options: argparse.Namespace) -> int:
    _running(options).save(options.snapshot)
    return 0


def _stop(options: argparse.Namespace) -> int:
    _running(options).stop()
    return 0


def _enter(options: argparse.Namespace) -> int:
    machine = _running(options)
    if not isinstance(machine, Container):
        raise SlipwayError("enter: only a container machine can be entered from outside; use ssh")
    command = machine.enter(options.command)
    os.execvp(command[0], command)


def _machine(options: argparse.Namespace) -> Machine:
    return kinds.machine(options.machine, options.os, options.directory)


def _running(options: argparse.Namespace) -> Machine:
    machine = _machine(options)
    if not machine.running():
        boot = f"python -m rehearsal.machine --machine {options.machine} boot"
        raise SlipwayError(f"no {options.os} {options.machine} machine is running; {boot}")
    return machine


_ACTIONS = {"image": _image, "boot": _boot, "ssh": _ssh, "save": _save, "enter": _enter, "stop": _stop}

if __name__ == "__main__":
    sys.exit(main())
