"""Makes the Debian disk of a container machine: the packages of the emulated one, less its kernel."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from deploy.errors import SlipwayError
from rehearsal.machine import image

NOT_HERE = ("initramfs-tools", "linux-image-cloud-amd64")
# An ext4 of its own, so that a full disk is the machine's alone. The tar comes on stdin.
DISK = "mkdir root && tar -x --numeric-owner -C root && mke2fs -q -t ext4 -d root disk.raw 6G && rm -rf root"
# The root file system is mounted from outside, and the address is the init script's to give.
CUSTOMIZE = 'cd "$1" && : > etc/fstab'


def ensure(release: str) -> Path:
    """The disk of a Debian release, made unless this very recipe has been made before.

    Raises SlipwayError when the release is unknown or a package cannot be had.
    """
    packages = [name for name in image.PACKAGES if name not in NOT_HERE]
    system = image.bootstrap(release, packages, "root", CUSTOMIZE)
    key = hashlib.sha256(json.dumps([system, DISK]).encode()).hexdigest()[:12]
    directory = image.STATE / "images" / f"container-{release}-{key}"
    if not directory.is_dir():
        _build(system, directory)
    return directory / "disk.raw"


def _build(system: list[str], directory: Path) -> None:
    # Several checkouts may share one folder of images.
    partial = directory.with_name(f"{directory.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    log = directory.with_suffix(".log")
    env = os.environ | {"TMPDIR": str(partial), "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    try:
        with (
            log.open("wb") as errors,
            subprocess.Popen(system, stdout=subprocess.PIPE, stderr=errors, env=env) as packages,
        ):
            disk = subprocess.run(
                ["sh", "-c", DISK], stdin=packages.stdout, stderr=errors, cwd=partial, env=env, check=False
            )
        if packages.returncode or disk.returncode:
            raise SlipwayError(f"the image {directory.name} cannot be made: {image.reason(log)}")
        partial.rename(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
