"""Check C: requests every name of the manifest from the origin itself, and a few of them in every way to ask."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urljoin, urlsplit

from static_smoke.browser.devices import DESKTOP
from static_smoke.checks import other_names
from static_smoke.checks.fetch import Asset
from static_smoke.checks.result import Result
from static_smoke.checks.served import GONE, TOO_MANY, Found, Judge, Way, is_static
from static_smoke.http.client import Answer, Client, new_run
from static_smoke.http.hosts import STATIC_TYPES, Hosts
from static_smoke.http.urls import resolve
from static_smoke.parse import css
from static_smoke.parse.error_page import describe
from static_smoke.rules import Fact, Rule
from static_smoke.site.digests import DIGEST
from static_smoke.site.manifest import Manifest

MAX_CONNECTIONS = 12
# Media files that are requested: where one is on the origin's disk, others are too.
MEDIA = 10
# Folders in which projects and bundlers keep built files: the origin may serve one that no page refers to.
FOLDERS = ("assets", "dist", "build", "public", "staticfiles", "static_root", "collected", "bundles", "files")
# Names that are requested below each of them, and in each unusual way.
SAMPLE, FEW = 24, 2
# Servers send packed files to who takes them, and some files to who comes from a page.
BROWSER = (
    ("User-Agent", DESKTOP.agent("canary")),
    ("Accept-Encoding", "gzip, deflate, br"),
    ("Sec-Fetch-Mode", "cors"),
)


async def check(
    client: Client,
    assets: Iterable[Asset],
    hosts: Hosts,
    manifest: Manifest,
    origin: str,
    leaked: Iterable[str] = (),
    also: Iterable[str] = (),
) -> Result:
    """Requests every name of the manifest, or those in the pages without one, and the media of the pages.

    ``origin``: the address of the origin itself. ``leaked``: URLs of the site that pages request as static files.
    ``also``: further names of the server.
    """
    assets, names, reason = list(assets), manifest.names, ""
    static = [asset for asset in assets if hosts.role(asset.url) == "static"]
    if not names:
        names = [hosts.name(it.url) for it in static]
        reason = "no --manifest: only names in the pages were requested"
    leaked = list(dict.fromkeys(leaked)) if hosts.static is None else []
    if not names and not leaked:
        return Result(reason="no --manifest, and the pages name no asset")
    bodies = {hosts.name(it.url): it.body for it in static if it.last.status == 200}
    judge = Judge(hosts, manifest, bodies)
    canary, found = Canary(client, hosts, origin, judge), []
    if names:
        quiet = await canary.ask_all(names)
        found = [canary.found, await other_names.check(client, hosts, origin, also, quiet, sample(names), judge)]
    facts = [fact for each in found for fact in each.facts(manifest)]
    media = await request_media(canary, hosts, (it for it in assets if hosts.role(it.url) == "media"))
    own = await request_leaked(canary, hosts, leaked)
    reasons = filter(None, (reason, canary.reason()))
    return Result([*own, *facts, *media], (canary.asked - len(canary.unanswered)) or None, "; ".join(reasons))


class Canary:
    """Asks the origin for names; ``found`` has what it serves."""

    def __init__(self, client: Client, hosts: Hosts, origin: str, judge: Judge):
        self._client, self._hosts, self._origin, self._judge = client, hosts, origin, judge
        self.found = Found(hosts.origin)
        self.asked, self.unanswered = 0, list[str]()
        self._turn = asyncio.Semaphore(MAX_CONNECTIONS)
        self._controls: dict[tuple[Way, str], asyncio.Task[Answer]] = {}

    async def ask_all(self, names: Sequence[str]) -> list[Way]:
        """Every name below the static files' prefixes, and a sample below others and in unusual ways.

        The plain ways by which no file is served.
        """
        # Below the site's own folder: the rest of the host may be somebody else's site.
        home = self._hosts.home
        prefixes = list(dict.fromkeys([f"{home}static/", home + urlsplit(self._hosts.static or "").path[1:], home]))
        await self.ask([Way(f"below {prefix}", prefix) for prefix in prefixes], names)
        kinds = sample(names)
        folders = [f"{home}{folder}/" for folder in FOLDERS]
        await self.ask([Way(f"below {folder}", folder) for folder in folders if folder not in prefixes], kinds[:SAMPLE])
        # One cause is one finding: what is served to a plain request needs no other way.
        quiet = [prefix for prefix in prefixes if f"below {prefix}" not in self.found.places]
        await self.ask([way for prefix in quiet for way in unusual(prefix, home)], kinds[:FEW])
        return [Way(f"below {prefix}", prefix) for prefix in quiet]

    async def ask(self, ways: Iterable[Way], names: Sequence[str]) -> None:
        await asyncio.gather(*(self._ask_one(way, name) for way in ways for name in names))

    async def _ask_one(self, way: Way, name: str) -> None:
        answer = await self._request(way, name)
        # Most answers need no other beside them.
        control = answer if answer.status in GONE else await self._control(way, PurePosixPath(name).suffix)
        self.found.add(way, name, self._judge.judge(way, name, answer, control), answer)

    async def _control(self, way: Way, suffix: str) -> Answer:
        """The answer to a name of this kind that no file has, asked in the same way."""
        key = (way, suffix)
        if key not in self._controls:
            self._controls[key] = asyncio.create_task(self._request(way, f"slipway-smoke-{new_run()}{suffix}"))
        return await self._controls[key]

    async def _request(self, way: Way, name: str) -> Answer:
        path = way.path(name)
        answer = await self.request(path, way.headers)
        return await self.request(f"{path}/", way.headers) if _adds_a_slash(answer, path) else answer

    async def request(self, path: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
        # The site's name, as in a visitor's request.
        sent = {"Host": urlsplit(self._hosts.site).netloc, "Accept-Encoding": "identity", **dict(headers)}
        url = urljoin(self._origin, "/").rstrip("/") + path
        async with self._turn:
            answer = await self._client.request(url, headers=sent)
            if answer.unavailable:
                # A connection may drop once, and a worker restart.
                answer = await self._client.request(url, headers=sent)
        self.asked += 1
        if answer.unavailable or answer.status == TOO_MANY:
            self.unanswered.append(describe(answer))
        return answer

    def reason(self) -> str:
        """What was not answered, if anything."""
        if not self.unanswered:
            return ""
        return f"the origin gave no answer to {len(self.unanswered)} of {self.asked} requests: it {self.unanswered[0]}"


def sample(names: Sequence[str]) -> list[str]:
    """A name of each folder and type, with a hash and without one; those of different types come first."""
    kinds: dict[tuple[str, str, bool], str] = {}
    for name in names:
        path = PurePosixPath(name)
        kinds.setdefault((path.suffix, path.parts[0] if path.parts[1:] else "", bool(DIGEST.search(name))), name)
    seen: dict[str, int] = {}
    turns = []
    for (suffix, _, _), name in kinds.items():
        seen[suffix] = seen.get(suffix, 0) + 1
        turns.append((seen[suffix], name))
    return [name for _, name in sorted(turns, key=lambda turn: turn[0])]


def unusual(prefix: str, site: str = "/") -> list[Way]:
    """Ways around a rule of the server that looks at the path or the headers of a usual request.

    ``site``: the site's own folder, which stays as it is.
    """
    image = (("Accept", "image/avif,image/webp,image/*;q=0.8"), ("Sec-Fetch-Dest", "image"))
    root = prefix.rstrip("/")
    home, _, folder = root.rpartition("/")
    ways = [
        ("with a Range", prefix, "", (("Range", "bytes=0-99"),)),
        ("with Accept: image/*", prefix, "", image),
        ("as a browser asks", prefix, "", BROWSER),
        ("as .gz", prefix, ".gz", ()),
        ("as .br", prefix, ".br", ()),
        ("with a dot at the end", prefix, ".", ()),
        ("with a slash at the end", prefix, "/", ()),
        ("with a query", prefix, "?v=1", ()),
        ("after two slashes", f"{root}//", "", ()),
        ("after /./", f"{root}/./", "", ()),
    ]
    if folder and prefix != site:
        ways += [
            ("in capitals", f"{home}/{folder.upper()}/", "", ()),
            ("with an encoded letter", f"{home}/%{ord(folder[0]):x}{folder[1:]}/", "", ()),
            # nginx's alias without a slash: https://nginx.org/en/docs/http/ngx_http_core_module.html#alias
            ("after ..", f"{root}../{folder}/", "", ()),
        ]
    return [Way(f"below {prefix}", before, how, after, headers) for how, before, after, headers in ways]


async def request_media(canary: Canary, hosts: Hosts, assets: Iterable[Asset]) -> list[Fact]:
    """Media files must not be on the origin too: one fact for each folder."""
    found: dict[str, list[Fact]] = {}
    for asset in list(assets)[:MEDIA]:
        path = urlsplit(asset.url).path.lstrip("/")
        for folder in (f"{hosts.home}media/", hosts.home):
            answer = await canary.request(f"{folder}{path}")
            if answer.status == 200 and (answer.body == asset.body or STATIC_TYPES.match(answer.type)):
                what = f"the origin sends this media file too: {answer.type}, {len(answer.body)} bytes"
                fact = Fact(Rule.SERVED, f"{hosts.origin}{folder}{path}", asset.place, what)
                found.setdefault(folder, []).append(fact)
    return [
        replace(facts[0], what=f"{facts[0].what}; and {len(facts) - 1} more") if facts[1:] else facts[0]
        for facts in found.values()
    ]


async def request_leaked(canary: Canary, hosts: Hosts, urls: Iterable[str]) -> list[Fact]:
    """One fact for a site whose pages name no other host for static files."""
    answers: dict[str, Answer] = {}
    pending = list(urls)
    while pending:
        wave = dict(zip(pending, await asyncio.gather(*map(canary.request, map(_path, pending))), strict=True))
        answers |= wave
        found = {resolve(url, written) for url, answer in wave.items() for written in _inside(answer)}
        pending = sorted({url for url in found if url and hosts.is_origin(url)} - answers.keys())
    sent = [answer for answer in answers.values() if is_static(answer)]
    if not sent:
        return []
    kinds = Counter(answer.type for answer in sent)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    size = sum(len(answer.body) for answer in sent)
    what = f"no page names another host for static files: the origin sends {len(sent)}, {size:,} bytes ({listed})"
    return [Fact(Rule.NO_STATIC_HOST, hosts.site, hosts.site, what)]


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _inside(answer: Answer) -> Iterable[str]:
    return css.stylesheet_urls(answer.text) if answer.type == "text/css" else ()


def _adds_a_slash(answer: Answer, path: str) -> bool:
    """Whether it is a redirect by APPEND_SLASH: a pattern that takes any name may answer behind it."""
    return 300 <= answer.status < 400 and urlsplit(answer.headers.get("Location", "")).path == f"{path}/"
