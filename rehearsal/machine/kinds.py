"""The kinds of machine, by the name in MACHINE=…."""

import argparse
import os
from pathlib import Path

from rehearsal.machine.boot import Emulated
from rehearsal.machine.container.boot import Container
from rehearsal.machine.image import RELEASES
from rehearsal.machine.machine import Machine
from slipway.web.errors import SlipwayError

KINDS: dict[str, type[Machine]] = {kind.kind: kind for kind in (Emulated, Container)}
DEFAULT = Emulated.kind


def add_options(parser: argparse.ArgumentParser) -> None:
    """--machine and --os, whose defaults are the variables MACHINE and OS."""
    kind, release = os.environ.get("MACHINE") or DEFAULT, os.environ.get("OS") or "trixie"
    parser.add_argument("--machine", default=kind, help=f"{' or '.join(KINDS)}; default: %(default)s")
    parser.add_argument("--os", default=release, help=f"Debian {' or '.join(RELEASES)}; default: %(default)s")


def machine(kind: str, release: str, directory: Path | None = None) -> Machine:
    """A machine that has not been booted. Raises SlipwayError when there is no such kind or release."""
    if kind not in KINDS:
        raise SlipwayError(f"MACHINE={kind}: no such machine; choose one of {', '.join(KINDS)}")
    if release not in RELEASES:
        raise SlipwayError(f"OS={release}: no such image; choose one of {', '.join(RELEASES)}")
    return KINDS[kind](release, directory)
