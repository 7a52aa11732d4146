"""The manifests of a release: the names of all files, and what is known of each."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from static_smoke.http.hosts import Hosts
from static_smoke.site.digests import DIGEST, carries_hash, is_djangos, name_fits


@dataclass(frozen=True, slots=True)
class Entry:
    """``name``: path under the static host. ``hashed``: None where that is unknown.

    ``md5``, ``content_type``, ``cache_control``: None where not recorded. ``kept``: a bundler has put the hash into the
    name, and how it is computed is unknown.
    """

    name: str
    hashed: bool | None
    source: str
    md5: str | None = None
    content_type: str | None = None
    cache_control: str | None = None
    kept: bool = False

    def is_body(self, body: bytes) -> bool | None:
        """Whether these bytes are the file's; None where nothing is known about them."""
        if self.md5:
            return hashlib.md5(body, usedforsecurity=False).hexdigest() == self.md5
        # A name may stand for headers too, and those are not recorded here.
        return True if self.hashed and name_fits(self.name, body) else None

    def fits(self, body: bytes, content_type: str, cache_control: str) -> bool:
        """Whether the hash in the name is that of these bytes, alone or with the recorded headers.

        The given headers are those of an answer, for what is not recorded. A bundler's hash is of its own making.
        """
        headers = (self.content_type or content_type, self.cache_control or cache_control)
        return self.kept or not is_djangos(self.name) or name_fits(self.name, body, headers)


class Manifest:
    """All given manifests as one: ``entries`` by name."""

    def __init__(self, entries: Iterable[Entry] = ()):
        self.entries = {entry.name: entry for entry in entries}

    @classmethod
    def load(cls, paths: Iterable[Path]) -> "Manifest":
        """Reads staticfiles.json (Django's) and objects.json; ValueError for anything else."""
        entries: dict[str, Entry] = {}
        for path in paths:
            document = json.loads(path.read_text())
            if isinstance(document.get("paths"), dict):
                found = _staticfiles(document["paths"], path.name)
            elif isinstance(document.get("objects"), dict):
                found = _objects(document["objects"], path.name)
            else:
                raise ValueError(f"{path}: neither a staticfiles.json nor an objects.json")
            # An entry with an MD5 takes precedence over a name alone.
            for entry in found:
                if entry.md5 or entry.name not in entries:
                    entries[entry.name] = entry
        return cls(entries.values())

    def entry(self, url: str, hosts: Hosts) -> Entry | None:
        if hosts.role(url) != "static":
            return None
        base = urlsplit(hosts.static or "").path
        return self.entries.get(urlsplit(url).path.removeprefix(base).lstrip("/"))

    def source(self, name: str) -> str:
        """The file that lists a name, with its hash or without; "" if none does."""
        entry = self.entries.get(name)
        known = entry or next((it for it in self.entries.values() if DIGEST.sub("", it.name, count=1) == name), None)
        return known.source if known else ""

    @property
    def names(self) -> list[str]:
        """Every name, and the plain name of each hashed one."""
        plain = [DIGEST.sub("", name, count=1) for name in self.entries]
        return sorted({*self.entries, *plain})


def _staticfiles(paths: dict[str, str], source: str) -> Iterable[Entry]:
    for plain, name in paths.items():
        if name == plain:
            # The storage has left it as it is, as one does with a bundler's names: these have a hash already.
            yield Entry(plain, carries_hash(plain, None), source, kept=True)
        else:
            yield Entry(plain, False, source)
            yield Entry(name, True, source)


def _objects(objects: dict[str, dict], source: str) -> Iterable[Entry]:
    for key, known in objects.items():
        name = key.removeprefix("static/")
        # A package's plain file may have a hash of its own in its name: its Cache-Control decides.
        kept = bool(known.get("kept"))
        hashed = kept or ("immutable" in known.get("cache_control", "") and carries_hash(name, None) is not False)
        yield Entry(
            name,
            hashed,
            source,
            known.get("md5"),
            known.get("content_type"),
            known.get("cache_control"),
            kept,
        )
