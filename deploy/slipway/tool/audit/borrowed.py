"""Runs a program of a Debian package on the server without installing it: unpacked into a folder that is removed."""

import shlex
from collections.abc import Sequence

from slipway.tool.server.connection import Connection
from slipway.tool.server.layout import LAYOUT

UNIT = "slipway-audit.service"
# It takes turns with a release's check and a backup (deploy/agent/slot.py), and a deploy may end it.
SCRIPT = """set -eu
exec 9>>{slot}
flock --wait 60 9 || {{ echo "something else has the memory for this; see \\`make status\\`" >&2; exit 1; }}
printf '{{"name": "make audit", "unit": "{unit}", "since": "%s", "stop": "end"}}' "$(date --utc '+%F %T UTC')" > {slot}
folder=$(mktemp -d -p /var/tmp)
trap 'rm -rf "$folder"; : > {slot}' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download {packages}
for package in *.deb; do dpkg-deb --extract "$package" .; done
systemd-run --quiet --wait --pipe --collect --unit={unit} --working-directory="$folder" \\
    --property=MemoryMax={memory} --property=OOMScoreAdjust=900 --property=Nice=10 \\
    --setenv=folder="$folder" sh -c {command}
"""


def run(connection: Connection, packages: Sequence[str], command: str) -> str:
    """What the shell command prints; it starts in ``$folder``, which holds the packages' files.

    Raises SlipwayError with its last line when the packages cannot be had, or the command fails.
    """
    script = SCRIPT.format(
        slot=LAYOUT.slot_lock, unit=UNIT, packages=shlex.join(packages), memory="80M", command=shlex.quote(command)
    )
    return connection.run(f"bash -c {shlex.quote(script)}")
