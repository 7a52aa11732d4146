"""The backups of one generation in the bucket, as pgBackRest shows them."""

import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

from agent import generation, processes
from agent.paths import HostError
from agent.s3 import Bucket
from agent.s3 import settings as backup_settings

# For one answer about what is in the bucket, s; pgBackRest itself tries for minutes where packets are dropped.
TIMEOUT = 60
TIMED_OUT = 124  # of timeout(1)
DROPPED = (
    "a network or a firewall on the way drops what is sent; `curl -v` of its address on the server shows it, then run "
    "the same command again"
)
# Of `pgbackrest info`: it could not read what is there.
OTHER = 99
# What pgBackRest says of a file that it decrypts to nonsense.
UNREADABLE = ("CryptoError", "cipher header", "outside of section", "unable to flush")


class Backup(NamedTuple):
    """A whole backup. ``stop``: when it was complete; ``size``: the database's in bytes; ``wal``: its first segment;
    ``lsn``: where its WAL ends."""

    label: str
    stop: datetime
    size: int
    wal: str
    lsn: int

    def __str__(self) -> str:
        return f"{self.label} of {shown(self.stop)}"


class Repository:
    """A generation below ``path`` in the bucket; by default where its own server puts it.

    Raises HostError when it cannot be read, or has no backup.
    """

    def __init__(self, name: str, path: str = "") -> None:
        self.name = name
        self.path = path.strip("/").removeprefix("database/") or name
        # The bucket's own answer says more than pgBackRest's, and comes sooner.
        claim = Bucket(backup_settings()).get(f"generations/{name}.json")
        self.claim = json.loads(claim) if claim else {}
        data = self._info()
        self.version, self.system = data["db"][-1]["version"], str(data["db"][-1]["system-id"])
        archives = [each for each in data["archive"] if each["database"]["id"] == data["db"][-1]["id"]]
        self.archive, self.last_wal = (archives[-1]["id"], archives[-1]["max"] or "") if archives else ("", "")
        # A move to a newer PostgreSQL begins another database in the same place.
        mine = [each for each in data["backup"] if each["database"]["id"] == data["db"][-1]["id"]]
        self.backups = [_backup(each) for each in mine if not each["error"]]
        if not self.backups:
            raise HostError(f"{self} has no whole backup; `make backups` lists what there is")

    def __str__(self) -> str:
        return f"generation {self.name}" + (f" in {self.path}" if self.path != self.name else "")

    def command(self, *words: str) -> list[str]:
        """pgBackRest's command line, for user postgres."""
        return generation.command(self.path, *words)

    def files(self) -> dict[str, float]:
        """The names in the archive, with the time at which each was archived, in seconds since 1970."""
        listed = json.loads(self._ask("repo-ls", f"archive/{generation.STANZA}/{self.archive}", "--recurse"))
        return {name.rpartition("/")[2]: each["time"] for name, each in listed.items() if each["type"] == "file"}

    def histories(self) -> list[int]:
        """The timelines that branched off, in their order; the first of all has no history."""
        listed = json.loads(self._ask("repo-ls", f"archive/{generation.STANZA}/{self.archive}"))
        return sorted(int(name[:8], 16) for name in listed if re.match(r"[0-9A-F]{8}\.history", name))

    def history(self, timeline: int) -> dict[int, int]:
        """The ancestors of a timeline, with the place in the WAL at which each was left."""
        text = self._ask("repo-get", f"archive/{generation.STANZA}/{self.archive}/{timeline:08X}.history")
        lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        return {int(line[0]): lsn(line[1]) for line in lines}

    def _info(self) -> dict:
        # It quotes what it could not decrypt.
        data = json.loads(self._ask("info"), strict=False)[0]
        if not data["db"]:
            status = data["repo"][0]["status"]
            if status["code"] == OTHER:
                raise HostError(f"{self}: {reason(status['message'])}")
            raise HostError(f"{self}: nothing is there; `make backups` lists the generations")
        return data

    def _ask(self, name: str, *words: str) -> str:
        more = [] if name == "repo-get" else ["--output=json"]
        # The settings hold the key: root and postgres may read them, and files that it leaves are postgres's.
        line = ["runuser", "-u", "postgres", "--", "timeout", str(TIMEOUT), *self.command(name, *words, *more)]
        done = processes.run(line, cwd="/")
        if done.returncode == TIMED_OUT:
            raise HostError(f"{Bucket(backup_settings())} does not answer within {TIMEOUT} s: {DROPPED}")
        if done.returncode:
            raise HostError(f"{self}: {reason(done.stderr)}")
        return done.stdout


def reason(text: str) -> str:
    """Why nothing can be read, without pgBackRest's codes and hints."""
    if any(word in text for word in UNREADABLE):
        return (
            "BACKUP_PASSPHRASE in the secrets is not the one that it was encrypted with; the paper of `make escrow` "
            "has that, `make secrets` writes it"
        )
    return own_words(text)


def own_words(text: str) -> str:
    """The first error that pgBackRest wrote. Once its info files were read, what is unreadable is damaged."""
    return re.sub(r"^(\[\w+\]:? )?(raised from \S+ protocol: )?", "", generation.first_error(text))


def shown(moment: datetime) -> str:
    """For a person, in UTC: with thousandths of a second where there are any."""
    moment = moment.astimezone(UTC)
    part = f".{moment.microsecond // 1000:03}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%d %H:%M:%S}{part} UTC"


def lsn(text: str) -> int:
    """A place in the WAL, as bytes from its beginning."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def _backup(each: dict) -> Backup:
    stop = datetime.fromtimestamp(each["timestamp"]["stop"], UTC)
    return Backup(each["label"], stop, each["info"]["size"], each["archive"]["start"], lsn(each["lsn"]["stop"]))
