"""Checks what a machine needs from this system."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from rehearsal.machine.container import groups
from slipway.web.errors import SlipwayError

BUILD = {"mmdebstrap": "mmdebstrap", "newuidmap": "uidmap", "mke2fs": "e2fsprogs", "qemu-img": "qemu-utils"}
RUN = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
CONTAINER = {
    "systemd-nspawn": "systemd-container",
    "slirp4netns": "slirp4netns",
    "lxcfs": "lxcfs",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
DEVICES = ("/dev/fuse", "/dev/loop-control", "/dev/net/tun")


def require(packages: Mapping[str, str], who: str = "the machine") -> None:
    """Raises SlipwayError naming the Debian package of each command in ``packages`` that is missing."""
    # mke2fs is in sbin, which an ordinary user's PATH does not have.
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [command for command in packages if not shutil.which(command, path=path)]
    if missing:
        wanted = " ".join(sorted({packages[command] for command in missing}))
        raise SlipwayError(f"{who} needs {', '.join(missing)}; as root: apt-get install {wanted}")


def require_container() -> None:
    """Raises SlipwayError, in one line, when this computer cannot run a container machine."""
    who = "a container machine"
    if os.geteuid():
        raise SlipwayError(f"{who} needs root; run it as root, or leave MACHINE=container out")
    require(CONTAINER, who)
    if missing := groups.missing():
        raise SlipwayError(f"{who} needs the cgroup controllers {', '.join(missing)}, which this kernel does not have")
    if missing := [device for device in DEVICES if not Path(device).exists()]:
        raise SlipwayError(f"{who} needs {', '.join(missing)}, which this computer does not have")
