"""What goes from the old server to the new one: streamed through this machine; no secret is on its disk."""

import hashlib
import json
import re
import shlex
import subprocess
from pathlib import Path

from slipway.tool.move.servers import New, Old
from slipway.tool.server import state
from slipway.tool.server.connection import Connection, last
from slipway.tool.server.layout import LAYOUT
from slipway.tool.server.upload import ReleaseArchive, send
from slipway.web.errors import SlipwayError

# certbot's account and certificates, and what nginx has of them.
CERTIFICATES = ("etc/letsencrypt", str(Path(LAYOUT.certificate).parent).lstrip("/"))


def stream(source: Connection, line: str, target: Connection, into: str) -> str:
    """Runs ``line`` on one server with its output as the input of ``into`` on the other; returns what that one prints.

    Raises SlipwayError with the last line of the one that failed.
    """
    with subprocess.Popen(
        source.command(line, alone=True), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as sending:
        receiving = subprocess.run(
            target.command(into, alone=True), stdin=sending.stdout, capture_output=True, check=False
        )
        sending.stdout.close()
        error = sending.stderr.read()
        sending.wait()
    # Who reads no more makes the other one fail too: the reader's own reason comes first.
    for server, status, said in (
        (target, receiving.returncode, receiving.stderr),
        (source, sending.returncode, error),
    ):
        if status:
            raise SlipwayError(f"{server.site.server}: {last(said).removeprefix('slipway: ')}")
    return receiving.stdout.decode("utf-8", "replace").strip()


def certificate(old: Old, new: New) -> None:
    """The certificate with its key, and the ACME account: the new server asks for none while DNS names the old one."""
    names = shlex.join(CERTIFICATES)
    stream(old.connection, f"tar -C / -cf - {names}", new.connection, "umask 077 && tar -C / -xpf -")


def release(old: Old, new: New) -> float:
    """The release that serves, with packages for the new server's Python; returns how many MB of them."""
    path = state.directory(new.site) / "moving.tar.gz"
    try:
        with path.open("wb") as file:
            line = old.connection.command("slipway move release", alone=True)
            done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise SlipwayError(f"{old.site.server}: {last(done.stderr).removeprefix('slipway: ')}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        packed = ReleaseArchive(old.plan["release"], digest, path, path, old.host.sign_in_paths)
        return send(new.connection, new.site, new.host, packed)
    finally:
        path.unlink(missing_ok=True)


def database(old: Old, new: New) -> str:
    """Dumps the database there and loads it here; returns its size."""
    lock = f"SLIPWAY_LOCK={new.connection.token} "
    return stream(old.connection, "slipway move dump", new.connection, f"{lock}slipway move load")


def put_server(text: str, server: str) -> str:
    """site.yml's ``text`` with another `server`."""
    # An address of IPv6 has colons.
    shown = server if re.fullmatch(r"[\w.-]+", server) else json.dumps(server)
    return re.sub(r"(?m)^server:.*$", f"server: {shown}", text, count=1)
