"""Dumps a database that is elsewhere to the bucket, compressed and encrypted on the way: nothing of it is on the disk.

It takes 35 MB: this program 24 with two parts of the upload, pg_dump 5, zstd 4, openssl 1. That was measured with a
database of 139 MB, as the largest sum of the processes' PSS.

`dumps/2026-12-01T03:04:05Z.dump.zst.enc` is there whole or not at all: S3 shows an object once its upload is complete.
"""

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO
from urllib.parse import parse_qsl, unquote, urlsplit

from agent import multipart, schedule
from agent.paths import ENVIRONMENT, HostError
from agent.s3 import Bucket

PREFIX, SUFFIX = "dumps/", ".dump.zst.enc"
# It may read and write nothing, and no process of the site runs as it.
USER = "nobody"
DUMP = ("pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--dbname=service=site")
# Without a thread of its own it takes half the memory.
COMPRESS = ("zstd", "-q", "--single-thread", "-3", "-c")
# Whoever reads it back names the same: docs/backups.md has the line.
ENCRYPT = ("openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-iter", "200000", "-pass")
# Of a DATABASE_URL's own options those that libpq knows; others are Django's.
LIBPQ = re.compile(
    r"ssl\w+|keepalives\w*|tcp_user_timeout|connect_timeout|channel_binding|target_session_attrs|options"
)
CAUSES = {
    r"server version mismatch": (
        "pg_dump here is older than the server: name the package of its version, such as postgresql-client-17, in "
        "`packages` of site.yml, or take a server with a newer system"
    ),
    r"password authentication failed|no pg_hba\.conf entry|does not exist": (
        "the database rejects DATABASE_URL of the secrets: {last}"
    ),
    r"could not translate host name|Connection refused|timeout expired|Network is unreachable|No route to host": (
        "the database does not answer: {last}"
    ),
    r"permission denied": "the user of DATABASE_URL may not read everything: {last}",
}


def make(settings: Mapping[str, str], began: str) -> dict:
    """Dumps it and removes the dumps that are too many; returns ``label``, ``size`` and ``stored``, both the bytes in
    the bucket. Raises HostError, and then there is no new object."""
    bucket, key = Bucket(settings), f"{PREFIX}{began}{SUFFIX}"
    stored = _dump(bucket, key, _service(_url()), settings["repo1-cipher-pass"])
    for each in surplus(bucket.keys(PREFIX), int(settings["repo1-retention-full"])):
        bucket.delete(each)
    return {"label": key, "size": stored, "stored": stored}


def surplus(keys: list[str], weeks: int) -> list[str]:
    """The dumps to remove: one a day is kept for as many weeks as full backups would be."""
    return sorted(keys)[: -weeks * schedule.EVERY[schedule.FULL].days]


def _dump(bucket: Bucket, key: str, service: str, passphrase: str) -> int:
    """Streams it; returns the object's bytes."""
    user = {"user": USER, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with contextlib.ExitStack() as stack:
        # In memory, and handed over by number: neither is in a command line or an environment.
        secrets = [stack.enter_context(_memory(name, text)) for name, text in (("pg", service), ("pass", passphrase))]
        login, key_file = (file.fileno() for file in secrets)
        errors = stack.enter_context(tempfile.TemporaryFile())
        environment = {"PATH": os.environ["PATH"], "PGSERVICEFILE": f"/proc/self/fd/{login}", "PGCONNECT_TIMEOUT": "10"}
        steps, source = [], subprocess.DEVNULL
        for line, handed in ((DUMP, (login,)), (COMPRESS, ()), ((*ENCRYPT, f"fd:{key_file}"), (key_file,))):
            step = subprocess.Popen(
                line,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd="/",
                env=environment,
                pass_fds=handed,
                **user,
            )
            stack.callback(_end, step)
            if steps:
                source.close()
            steps.append(step)
            source = step.stdout

        def whole() -> None:
            codes = [step.wait() for step in steps]
            if any(codes):
                errors.seek(0)
                raise HostError(_explained(errors.read().decode("utf-8", "replace")))

        return multipart.upload(bucket, key, source, whole)


def _end(step: subprocess.Popen) -> None:
    step.kill()
    step.wait()


@contextlib.contextmanager
def _memory(name: str, text: str):
    file: IO[str]
    with os.fdopen(os.memfd_create(name), "w+") as file:
        # Its reader is another user, and opens it anew by its number.
        os.fchmod(file.fileno(), 0o444)
        file.write(text)
        file.seek(0)
        yield file


def _url() -> str:
    """DATABASE_URL of the site's environment, which the playbook quotes as a shell reads it."""
    for line in ENVIRONMENT.read_text().splitlines():
        name, _, value = line.partition("=")
        if name == "DATABASE_URL":
            return re.sub(r'\\(["$`\\])', r"\1", value.strip('"'))
    raise HostError(f"{ENVIRONMENT} has no DATABASE_URL; `make deploy PROVISION=1` writes it")


def _service(url: str) -> str:
    """What libpq reads of a service: https://www.postgresql.org/docs/current/libpq-pgservice.html"""
    parts = urlsplit(url)
    if parts.scheme.partition("+")[0] not in ("postgres", "postgresql", "psql", "pgsql", "postgis"):
        raise HostError(f"a database of {parts.scheme}: is not dumped, only PostgreSQL; write `backup_bucket: none`")
    named = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    values = {name: unquote(str(value)) for name, value in named.items() if value}
    values["dbname"] = unquote(parts.path.lstrip("/"))
    values |= {name: value for name, value in parse_qsl(parts.query) if LIBPQ.fullmatch(name)}
    return "[site]\n" + "".join(f"{name}={value}\n" for name, value in values.items())


def _explained(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()] or ["pg_dump wrote nothing"]
    # The first is the cause; what follows in the pipe only lost its input.
    first = next((line for line in lines if "error:" in line), lines[0]).removeprefix("pg_dump: error: ")
    for pattern, text in CAUSES.items():
        if re.search(pattern, stderr):
            return text.format(last=first)
    return f"the dump failed: {first}"
