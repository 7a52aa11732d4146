"""What the origin's answer to a file's name means: whether it serves the file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from static_smoke.http import coding
from static_smoke.http.client import Answer
from static_smoke.http.hosts import STATIC_TYPES, Hosts
from static_smoke.rules import Fact, Rule
from static_smoke.site.digests import DIGEST
from static_smoke.site.manifest import Manifest

OWN_BYTES = "sends the file's own bytes"
GONE = (404, 410)
TOO_MANY = 429  # requests: it says nothing about the file
_CODINGS = {".gz": "gzip", ".br": "br"}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask the origin for a name: ``where``, as in "below /static/", and ``how``, if it is not a plain GET.

    ``before`` and ``after`` are the rest of the path, as it is sent.
    """

    where: str
    before: str
    how: str = ""
    after: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def path(self, name: str) -> str:
        return f"{self.before}{quote(name)}{self.after}"


class Found:
    """What was answered with a file. The names and ways of one place have one cause, and are one finding."""

    def __init__(self, site: str):
        """``site``: scheme and host."""
        self._site = site
        self._served: dict[str, list[tuple[Way, str, str, int, str]]] = {}

    def add(self, way: Way, name: str, meaning: str, answer: Answer, site: str = "") -> None:
        """``meaning`` is that of ``Judge.judge``; ``site`` another scheme and host."""
        if meaning:
            self._served.setdefault(way.where, []).append((way, name, meaning, len(answer.body), site or self._site))

    @property
    def places(self) -> set[str]:
        """Where files are served: "below /static/"."""
        return set(self._served)

    def facts(self, manifest: Manifest) -> Iterable[Fact]:
        for where, served in self._served.items():
            way, name, meaning, _, site = min(served, key=lambda it: it[2] != OWN_BYTES)
            place = manifest.source(name) or "the pages"
            what = " ".join(filter(None, (f"the origin {meaning} {where}", way.how)))
            if others := {it[1] for it in served} - {name}:
                what += f", and {len(others)} more files, {sum(it[3] for it in served):,} bytes in all"
            if further := {it[0].how for it in served} - {way.how}:
                what += f"; the same {', '.join(sorted(further))}"
            yield Fact(Rule.SERVED, f"{site}{way.path(name)}", place, what)


class Judge:
    """``bodies``: the CDN's bytes by name, for names that no manifest knows."""

    def __init__(self, hosts: Hosts, manifest: Manifest, bodies: Mapping[str, bytes]):
        self._hosts, self._manifest, self._bodies = hosts, manifest, bodies
        # The digest is taken out of each name once, not for each of the origin's answers.
        self._hashed: dict[str, list[str]] = {}
        for name in manifest.entries:
            self._hashed.setdefault(DIGEST.sub("", name, count=1), []).append(name)

    def judge(self, way: Way, name: str, answer: Answer, control: Answer) -> str:
        """What the answer says of the file; "" if it is not served. ``control``: the answer to a name that no file
        has, asked in the same way."""
        path = way.path(name)
        if (answer.status in GONE and not answer.body) or self._is_allowed(path, answer):
            return ""
        if self._is_file(name, answer, way.after):
            return OWN_BYTES
        if answer.unavailable or answer.status == TOO_MANY:
            return ""
        if answer.status in GONE or answer.status == control.status >= 400:
            return ""
        # In its own folder the site may have pages of its own.
        may_be_page = way.before == self._hosts.home or is_page(control, path, self._hosts)
        if may_be_page and is_page(answer, path, self._hosts):
            return ""
        return ", ".join(filter(None, (f"answers {answer.status}", answer.type))) + ", not 404,"

    def _is_allowed(self, path: str, answer: Answer) -> bool:
        permitted = self._hosts.allowed(path, met=False)
        return permitted is not None and (permitted.max_bytes is None or not 200 <= answer.status < 300)

    def _is_file(self, name: str, answer: Answer, after: str) -> bool:
        if not answer.body or answer.cut:
            return False
        body = _decoded(answer, _CODINGS.get(after, "identity"))
        entry = self._manifest.entries.get(name)
        known = entry.is_body(body) if entry is not None else None
        if known is not None:
            return known
        if name in self._bodies and body == self._bodies[name]:
            return True
        return any(self._manifest.entries[it].is_body(body) for it in self._hashed.get(name, ()))


def _decoded(answer: Answer, coded: str) -> bytes:
    try:
        return coding.decode(answer.decoded(), coded)
    except ValueError:
        return answer.body


def is_page(answer: Answer, path: str, hosts: Hosts) -> bool:
    """Whether a site answers so with pages of its own: a login before everything, a catch-all. A page is not a file,
    nor is a redirect to one."""
    if 300 <= answer.status < 400:
        target = urljoin(f"{hosts.origin}{path}", answer.headers.get("Location", ""))
        return hosts.is_origin(target) and not hosts.looks_static(target)
    return answer.type == "text/html" and not path.endswith((".html", ".htm"))


def is_static(answer: Answer) -> bool:
    """Whether a file was sent, by its type."""
    return 200 <= answer.status < 300 and bool(STATIC_TYPES.match(answer.type))
