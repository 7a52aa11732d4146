"""Says in one line what the machine needs and this system lacks."""

import os
import shutil
from collections.abc import Mapping

from deploy.errors import SlipwayError

BUILD = {"mmdebstrap": "mmdebstrap", "newuidmap": "uidmap", "mke2fs": "e2fsprogs", "qemu-img": "qemu-utils"}
RUN = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}


def require(packages: Mapping[str, str], who: str = "the machine") -> None:
    """Raises SlipwayError naming the Debian package of each command in ``packages`` that is not there."""
    # mke2fs lies in sbin, which an ordinary user's PATH lacks.
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [command for command in packages if not shutil.which(command, path=path)]
    if missing:
        wanted = " ".join(sorted({packages[command] for command in missing}))
        raise SlipwayError(f"{who} needs {', '.join(missing)}; as root: apt-get install {wanted}")
