"""SSH to the machine: its own key, its own known_hosts, and an ssh_config with both."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from slipway.web.errors import SlipwayError

HOST = "machine"


def make_key(directory: Path) -> str:
    """Makes the machine's key pair in ``directory`` and returns the public half, without a comment."""
    private = directory / "id_ed25519"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(private)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return private.with_suffix(".pub").read_text().strip()


def public_key(directory: Path) -> str:
    """The public half of the pair in ``directory``, which is made when it is missing."""
    public = directory / "id_ed25519.pub"
    if public.exists():
        return public.read_text().strip()
    directory.mkdir(parents=True, exist_ok=True)
    return make_key(directory)


def write_config(directory: Path, port: int) -> Path:
    """Writes the ssh_config with which `ssh`, rsync and Ansible reach the machine; returns its path."""
    config = directory / "ssh_config"
    config.write_text(
        f"Host {HOST} 127.0.0.1\n"
        "  HostName 127.0.0.1\n"
        f"  Port {port}\n"
        f"  IdentityFile {directory / 'id_ed25519'}\n"
        "  IdentitiesOnly yes\n"
        "  IdentityAgent none\n"
        "  BatchMode yes\n"
        # The machine makes its host keys at its first boot; after that they must not change.
        "  StrictHostKeyChecking accept-new\n"
        f"  UserKnownHostsFile {directory / 'known_hosts'}\n"
    )
    return config


def wait(port: int, running: Callable[[], bool], seconds: float) -> None:
    """Returns as soon as sshd sends its banner on ``port`` of the loopback.

    QEMU itself accepts every connection, so only the banner proves that sshd runs.
    Raises SlipwayError when the machine ends or after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while True:
        if not running():
            raise SlipwayError("the machine ended while it was booting")
        if time.monotonic() > deadline:
            raise SlipwayError(f"sshd does not answer after {seconds:.0f} s")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        time.sleep(0.2)


def run(
    config: Path, command: str, user: str = "root", *, stdin: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs a shell command in the machine. Raises SlipwayError with its last line when it fails and ``check`` is on."""
    line = ["ssh", "-F", str(config), "-l", user, HOST, command]
    done = subprocess.run(line, capture_output=True, text=True, input=stdin, check=False)
    if check and done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.returncode}"]
        raise SlipwayError(f"in the machine, `{command}` failed: {lines[-1]}")
    return done
