"""Makes the Debian disk of a container machine: the packages of the emulated one, without a kernel."""

import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path

from rehearsal.machine import image
from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError

KERNEL_PACKAGES = ("initramfs-tools", "linux-image-cloud-amd64")
# A file system of its own, so that only the machine's disk fills up.
DISK = ["mke2fs", "-q", "-t", "ext4", "-d", "root", "disk.raw", "6G"]
# The root file system is mounted from outside.
CUSTOMIZE = 'cd "$1" && : > etc/fstab'


def ensure(release: str) -> Path:
    """The disk of a Debian release, made unless the same recipe has been made before.

    Raises SlipwayError when the release is unknown or a package cannot be downloaded.
    """
    packages = [name for name in image.PACKAGES if name not in KERNEL_PACKAGES]
    system = image.bootstrap(release, packages, "root", "root", CUSTOMIZE)
    key = hashlib.sha256(json.dumps([system, DISK]).encode()).hexdigest()[:12]
    directory = image.STATE / "images" / f"container-{release}-{key}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Two tests, or two checkouts with shared images, may need it at once.
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.is_dir():
            _build(system, directory)
    return directory / "disk.raw"


def _build(system: list[str], directory: Path) -> None:
    partial = directory.with_suffix(".partial")
    # Left by a killed run.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    env = os.environ | {"TMPDIR": str(partial), "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    try:
        with Processes(directory.parent) as processes:
            for name, command in ((directory.name, system), (f"{directory.name}-disk", DISK)):
                if processes.start(name, command, env=env, cwd=partial).wait():
                    log = directory.with_name(f"{name}.log")
                    raise SlipwayError(f"the image {directory.name} cannot be made: {image.reason(log)}")
        shutil.rmtree(partial / "root")
        partial.rename(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
