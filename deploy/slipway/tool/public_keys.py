"""Reads SSH public keys: a line, or a file of such lines."""

import base64
import binascii
import re
from pathlib import Path

# What sshd accepts by default: https://man.openbsd.org/sshd_config#PubkeyAcceptedAlgorithms
KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
# OpenSSH's, PEM's and PuTTY's.
PRIVATE = re.compile(r"PRIVATE KEY|PuTTY-User-Key-File")


def read(given: str, folder: Path) -> list[str]:
    """The keys of ``given``: itself, or those in the file of that name, relative to ``folder``.

    Raises ValueError with what is wrong; it never quotes what may be a private key.
    """
    if PRIVATE.search(given):
        raise ValueError("this is a private key; take it out, give the line of its .pub, and make another pair")
    given = given.strip()
    if given.startswith(tuple(f"{kind} " for kind in KINDS)):
        return [_key(given)]
    if not given or not given.isprintable():
        raise ValueError("expected a public key, or a file of them, in each place of the list")
    path = (folder / Path(given).expanduser()).resolve()
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{given!r} is no public key like `ssh-ed25519 AAAA… you@work`, nor a file of them") from None
    if PRIVATE.search(text):
        raise ValueError(f"{path} is a private key; give the other half, {path.name}.pub")
    lines = [line.strip() for line in text.splitlines()]
    keys = [_key(line, f"{path}:{at}: ") for at, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not keys:
        raise ValueError(f"{path} holds no key")
    return keys


def same(one: str, other: str) -> bool:
    """Whether two keys are the same, apart from their comments."""
    return one.split()[:2] == other.split()[:2]


def _key(line: str, where: str = "") -> str:
    """``line``, if it is a whole key. Raises ValueError otherwise."""
    kind, *rest = line.split(maxsplit=2)
    try:
        fields = _fields(base64.b64decode(rest[0], validate=True))
    except (IndexError, binascii.Error):
        fields = []
    # The encoded part begins with the kind, too.
    if kind not in KINDS or fields[:1] != [kind.encode()] or not line.isprintable():
        raise ValueError(f"{where}{line[:40]!r}… is not a whole public key like `ssh-ed25519 AAAA… you@work`")
    return line


def _fields(blob: bytes) -> list[bytes]:
    """The strings of a key, each prefixed by its length; none when the last is cut off."""
    fields = []
    while blob:
        size = int.from_bytes(blob[:4])
        if len(blob) < 4 + size:
            return []
        fields.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return fields
