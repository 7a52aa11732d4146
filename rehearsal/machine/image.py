"""Makes the Debian disk that the machine boots from, without root, from Debian's own packages."""

import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.machine import needs
from slipway.web.errors import SlipwayError

HERE = Path(__file__).resolve().parent
STATE = HERE.parent.parent / ".slipway" / "machine"
RELEASES = ("bookworm", "trixie")
MIRROR = "http://deb.debian.org"

# As a provider's image, and no more: packages to boot and log in, those of Debian's own cloud images, and those of the
# standard system (priority important or standard) that the site's packages would bring otherwise.
PACKAGES = (
    "ca-certificates",
    "cloud-init",
    "dbus",
    "initramfs-tools",
    "iproute2",
    "libpam-systemd",
    "linux-image-cloud-amd64",
    "locales",
    "logrotate",
    "netbase",
    "nftables",
    "openssh-server",
    "perl",
    "python3",
    "python3-apt",
    "sudo",
    "systemd",
    "systemd-sysv",
    "systemd-timesyncd",
    "tzdata",
    "udev",
    "unattended-upgrades",
    "xz-utils",
)


@dataclass(frozen=True, slots=True)
class Image:
    """A bootable system: the qcow2 disk that machines are layered on, and the kernel that QEMU loads itself."""

    disk: Path
    kernel: Path
    initrd: Path


def ensure(release: str) -> Image:
    """The image of a Debian release, built unless the same recipe has been built before.

    Raises SlipwayError when the release is unknown, a tool is missing or a package cannot be downloaded.
    """
    recipe = _recipe(release)
    directory = STATE / "images" / f"{release}-{hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]}"
    if not directory.is_dir():
        needs.require(needs.BUILD)
        _build(recipe, directory)
    return Image(*(directory / name for name in ("disk.qcow2", "kernel", "initrd")))


def bootstrap(release: str, packages: Sequence[str], mode: str, target: str, *customize: str) -> list[str]:
    """The command that makes a root file system: the folder ``target``, or for "-" its tar on stdout.

    ``mode`` is mmdebstrap's; ``customize`` are further shell scripts; their $1 is the root.

    Raises SlipwayError when the release is unknown.
    """
    if release not in RELEASES:
        raise SlipwayError(f"OS={release}: no such image; choose one of {', '.join(RELEASES)}")
    return [
        "mmdebstrap",
        f"--mode={mode}",
        "--variant=apt",
        "--architectures=amd64",
        f"--include={','.join(packages)}",
        *(f"--customize-hook={script}" for script in ((HERE / "customize.sh").read_text(), *customize)),
        release,
        target,
        f"deb {MIRROR}/debian {release} main",
        f"deb {MIRROR}/debian {release}-updates main",
        f"deb {MIRROR}/debian-security {release}-security main",
    ]


def _recipe(release: str) -> tuple[list[str], list[str]]:
    """The command that prints a root file system's tar, and the one that makes a disk of it."""
    disk = ["mmdebstrap", "--unshare-helper", "sh", "-c", (HERE / "disk.sh").read_text()]
    return bootstrap(release, PACKAGES, "unshare", "-"), disk


def _build(recipe: tuple[list[str], list[str]], directory: Path) -> None:
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    log = partial / "build.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(recipe[0], stdout=subprocess.PIPE, stderr=errors) as system,
        subprocess.Popen(recipe[1], stdin=system.stdout, stdout=subprocess.PIPE, stderr=errors) as disk,
    ):
        # Otherwise this process would keep the pipe open after disk.sh has ended.
        system.stdout.close()
        try:
            with tarfile.open(fileobj=disk.stdout, mode="r|") as archive:
                # By attribute: Debian 12's Python 3.11.2 has neither the filter nor its argument.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(partial)
            disk.stdout.read()  # the padding, or tar would end by a broken pipe
        except tarfile.ReadError:
            pass  # one of the two failed
    if system.returncode or disk.returncode or not (partial / "disk.qcow2").exists():
        raise SlipwayError(f"the image {directory.name} cannot be made: {reason(log)}")
    partial.rename(directory)


def reason(log: Path) -> str:
    """The first error in the log of a build."""
    lines = log.read_text(errors="replace").splitlines() or ["no error was printed"]
    errors = [line for line in lines if line.startswith(("E:", "Err:"))]
    return f"{errors[0] if errors else lines[-1]} (all of it: {log})"
