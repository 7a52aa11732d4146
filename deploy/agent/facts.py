"""What a deploy must know of the host, for CI's key, which may not send the script itself."""

import os
import pkgutil
from collections.abc import Sequence

from agent import processes
from agent.paths import LAYOUT

SCRIPT = pkgutil.get_data(__package__, "facts.sh").decode()


def facts(names: Sequence[str]) -> str:
    """The script's `name=value` lines; ``names`` are looked up."""
    layout = {name: value for name, value in LAYOUT.items() if isinstance(value, str)}
    environment = os.environ | layout | {"NAMES": " ".join(names)}
    return processes.run(["sh", "-c", SCRIPT], env=environment).stdout
