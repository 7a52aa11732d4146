"""pgBackRest's own files in a repository: backup.info and archive.info, encrypted with the passphrase.

It encrypts as `openssl enc -aes-256-cbc -md sha1` does: the word Salted__, eight bytes of salt, and from both and the
passphrase the key and the vector. https://pgbackrest.org/configuration.html#section-repository/option-repo-cipher-type
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

MAGIC, SALT = b"Salted__", 8
KEY, VECTOR = 32, 16

# Section → name → value.
Info = dict[str, dict[str, Any]]


class Unreadable(ValueError):
    """The bytes are not what pgBackRest writes, or are encrypted with another passphrase. Its text says which."""


def decrypt(data: bytes, passphrase: str) -> bytes:
    """The plain bytes; those that are not encrypted stay as they are. Raises Unreadable."""
    if not data.startswith(MAGIC):
        return data
    salt, body = data[len(MAGIC) : len(MAGIC) + SALT], data[len(MAGIC) + SALT :]
    digest = derived = b""
    while len(derived) < KEY + VECTOR:
        # SHA-1 is pgBackRest's choice, and its passphrases are long and random.
        digest = hashlib.sha1(digest + passphrase.encode() + salt, usedforsecurity=False).digest()
        derived += digest
    cipher = Cipher(algorithms.AES(derived[:KEY]), modes.CBC(derived[KEY : KEY + VECTOR])).decryptor()
    unpadder = PKCS7(VECTOR * 8).unpadder()
    try:
        plain = unpadder.update(cipher.update(body) + cipher.finalize())
        return plain + unpadder.finalize()
    except ValueError:
        raise Unreadable("it is encrypted with another passphrase, or damaged") from None


def parse(data: bytes, passphrase: str) -> Info:
    """The sections of an info file. Raises Unreadable."""
    sections: Info = {}
    try:
        for line in decrypt(data, passphrase).decode().splitlines():
            if line.startswith("[") and line.endswith("]"):
                section = sections.setdefault(line[1:-1], {})
            elif line:
                name, _, value = line.partition("=")
                section[name] = json.loads(value)
    except Unreadable:
        raise
    except (ValueError, UnboundLocalError):
        # Bytes that another passphrase opens by chance are no text.
        raise Unreadable("it is encrypted with another passphrase, or damaged") from None
    if "backrest" not in sections:
        raise Unreadable("it is no file of pgBackRest's")
    return sections


def time_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
