"""Installs lock files into this venv, by uv: seconds, where pip takes two minutes.

    python -m slipway.tool.requirements.install NAME|FILE …

NAME is a set of the site's own packages: deploy, demo or test. Standard library only, beside pip and uv.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway.tool.requirements import files, pip, uv
from slipway.web.errors import SlipwayError


def main(names: Sequence[str]) -> int:
    try:
        locks = [files.check(name) if name in files.SETS else Path(name) for name in names]
        with TemporaryDirectory(prefix="slipway-packages-") as folder:
            wheels = [pip.wheels_alone(lock, Path(folder)) for lock in locks]
            if wrong := uv.install(wheels):
                raise SlipwayError(f"{', '.join(map(files.shown, locks))}: {wrong}")
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
