"""Requests every static URL from the CDN, twice, and more often where needed."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import chain
from urllib.parse import urlsplit

from static_smoke.http import charset
from static_smoke.http.cdn import is_hit
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts, extension
from static_smoke.http.urls import resolve, unsigned
from static_smoke.parse import css, modules, playlist, strings
from static_smoke.parse.elements import kind_of
from static_smoke.parse.metadata import manifest_urls
from static_smoke.parse.page import parse
from static_smoke.parse.reference import Asked, Reference
from static_smoke.parse.strings import Script
from static_smoke.verdict import LeftOut

# A CDN has many edge servers, and the first answers may each come from another one.
TRIES_FOR_A_HIT = 6
TRIES_FOR_COMPRESSION = 4
# Types that every CDN compresses, within CloudFront's size limits (decoded bytes).
COMPRESSIBLE = re.compile(r"text/(css|javascript|html|plain|xml)|application/(x-)?(javascript|json|xml)|image/svg\+xml")
COMPRESSED_SIZES = range(1_000, 10_000_001)
# A stream may have thousands of segments: each is requested up to here, and the first ones as often as other files.
SEGMENTS_A_PLAYLIST = 40
SEGMENTS_OFTEN = 6
# Scripts, styles and manifests of the origin that are read for what they name.
TEXTS_OF_THE_ORIGIN = 30
# The kind of files that only a manifest names: requested once, since no visitor warms a cache with them.
LISTED = "listed"
_CODINGS = {"br", "gzip", "zstd"}


@dataclass(slots=True)
class Asset:
    """One static URL and its answers. ``place``: where it was found first. ``base``: as in ``Reference``.

    ``as_origin``: the number of each answer to a request that had the site's Origin, as a fetch() of its pages has.
    """

    url: str
    kind: str
    place: str
    cors: bool = False
    answers: list[Answer] = field(default_factory=list)
    base: str = ""
    as_origin: set[int] = field(default_factory=set)

    @property
    def last(self) -> Answer:
        return self.answers[-1]

    def add(self, answer: Answer) -> None:
        """Adds an answer. Only the last one keeps its body."""
        self.answers = [*(replace(before, body=b"") for before in self.answers), answer]

    def let_go(self) -> None:
        """Frees the body of an asset that has been judged."""
        self.answers = [replace(answer, body=b"") for answer in self.answers]

    @property
    def is_hit(self) -> bool:
        return any(is_hit(answer) for answer in self.answers)

    @property
    def body(self) -> bytes:
        try:
            return self.last.decoded()
        except ValueError:
            return self.last.body


def should_be_compressed(asset: Asset) -> bool:
    return bool(COMPRESSIBLE.fullmatch(asset.last.type)) and len(asset.body) in COMPRESSED_SIZES


def is_compressed(answer: Answer) -> bool:
    return bool(_CODINGS & {part.strip() for part in answer.encoding.split(",")})


@dataclass(slots=True)
class Fetched:
    """``assets``: on the CDN's hosts. ``references`` and ``strings``: inside all files, the origin's too."""

    assets: dict[str, Asset] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    strings: list[Reference] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def take(self, references: Iterable[Reference], hosts: Hosts) -> list[Reference]:
        """Those that are certain, or whole URLs of the CDN; the strings among the others are kept."""
        certain = []
        for reference in references:
            if reference.asked is Asked.NO or _is_whole_on_cdn(reference, hosts):
                certain.append(reference)
            else:
                self.strings.append(reference)
        return certain


async def fetch(
    client: Client,
    hosts: Hosts,
    references: Iterable[Reference],
    importmap: modules.ImportMap,
    visitor: Client | None = None,
) -> Fetched:
    """Every asset on the CDN's hosts, and what stylesheets, scripts, playlists, drawings and manifests name.

    ``visitor``: a client whose requests are no part of the run, for scripts and the like that the origin sends.
    """
    found = Fetched()
    of_origin: dict[str, Asset] = {}
    segments: Counter[str] = Counter()
    objects: set[str] = set()
    pending = found.take(references, hosts)
    found.references += [reference for reference in pending if reference.asked is not Asked.NO]
    while pending:
        wave = []
        for reference in pending:
            asset = found.assets.get(reference.url) or of_origin.get(reference.url)
            known = unsigned(reference.url) in objects
            if asset is None and not known and hosts.is_ours(reference.url) and _is_file(reference, hosts):
                segments[reference.place] += reference.kind == "segment"
                if reference.kind == "segment" and segments[reference.place] > SEGMENTS_A_PLAYLIST:
                    continue
                kind = LISTED if segments[reference.place] > SEGMENTS_OFTEN else reference.kind
                asset = Asset(reference.url, kind, reference.place, reference.cors, base=reference.base)
                found.assets[reference.url] = asset
                objects.add(unsigned(reference.url))
                wave.append(_request(client, hosts, asset))
            elif asset is None and visitor and _is_text_of_origin(reference, hosts):
                asset = Asset(reference.url, reference.kind, reference.place, base=reference.base)
                if len(of_origin) < TEXTS_OF_THE_ORIGIN:
                    wave.append(_request_once(visitor, asset))
                of_origin[reference.url] = asset
            if asset is not None and reference.kind in ("style", "module", "manifest"):
                asset.kind, asset.cors = reference.kind, asset.cors or reference.cors
        read = [await asyncio.to_thread(_read, asset, importmap, hosts) for asset in await asyncio.gather(*wave)]
        pending = found.take(chain.from_iterable(read), hosts)
        found.references += pending
    _leave_out(found, segments, len(of_origin))
    return found


def _leave_out(found: Fetched, segments: Counter[str], of_origin: int) -> None:
    further = sum(count - SEGMENTS_A_PLAYLIST for count in segments.values() if count > SEGMENTS_A_PLAYLIST)
    if further:
        reason = f"{SEGMENTS_A_PLAYLIST} segments of each playlist are requested"
        found.left_out.append(LeftOut("objects", further, reason))
    if of_origin > TEXTS_OF_THE_ORIGIN:
        reason = f"{TEXTS_OF_THE_ORIGIN} scripts and styles of the origin are read"
        found.left_out.append(LeftOut("objects", of_origin - TEXTS_OF_THE_ORIGIN, reason))


def _is_whole_on_cdn(reference: Reference, hosts: Hosts) -> bool:
    """Whether a string is the URL of one file there: it is requested as any other."""
    is_file = reference.asked is Asked.PATH and not reference.head and bool(extension(reference.url))
    return is_file and hosts.is_ours(reference.url)


def _is_text_of_origin(reference: Reference, hosts: Hosts) -> bool:
    return reference.kind in _READ and not reference.head and hosts.role(reference.url) == "origin"


def _is_file(reference: Reference, hosts: Hosts) -> bool:
    linked = reference.kind in ("link", "document")
    return (
        not reference.head
        and bool(urlsplit(reference.url).path.strip("/"))
        and (not linked or hosts.looks_static(reference.url) or bool(extension(reference.url)))
    )


async def _request(client: Client, hosts: Hosts, asset: Asset) -> Asset:
    """Asks as a tag does and as a fetch() of the site's pages does: first as the file is not used."""

    async def ask(*, cors: bool) -> None:
        headers = {"Pragma": "akamai-x-cache-on"} | ({"Origin": hosts.origin} if cors else {})
        if cors:
            asset.as_origin.add(len(asset.answers))
        asset.add(await client.request(asset.url, headers=headers))

    # What a cache holds after the first way must work for the second; nobody warms one with a listed file.
    if asset.cors or asset.kind != LISTED:
        await ask(cors=not asset.cors)
    for number in range(TRIES_FOR_A_HIT):
        await ask(cors=asset.cors)
        if asset.last.status == 0 and not number:
            continue  # a connection may drop once
        if asset.last.status != 200 or asset.kind == LISTED or asset.is_hit or not hosts.cached:
            break
    for _ in range(TRIES_FOR_COMPRESSION if hosts.cached else 0):
        if asset.last.status != 200 or is_compressed(asset.last) or not should_be_compressed(asset):
            break
        await ask(cors=asset.cors)
    return asset


async def _request_once(client: Client, asset: Asset) -> Asset:
    asset.add(await client.request(asset.url))
    return asset


def _read(asset: Asset, importmap: modules.ImportMap, hosts: Hosts) -> list[Reference]:
    return list(inside(asset, importmap, hosts))


def inside(asset: Asset, importmap: modules.ImportMap, hosts: Hosts) -> Iterator[Reference]:
    """What a file names, by its kind, its name or its Content-Type."""
    if not asset.answers or asset.last.status != 200:
        return
    kind = _kind(asset)
    if kind not in _READ:
        return
    text = charset.text(asset.body, asset.last.headers.get("Content-Type", ""))

    def reference(written: str, how: str, kind: str, **more) -> Iterator[Reference]:
        if url := resolve(asset.url, written):
            yield Reference(url, asset.url, how, kind, maybe=True, **more)

    if kind == "style":
        for written in css.stylesheet_urls(text):
            of = kind_of(written)
            yield from reference(written, "url()", of, cors=of == "font" or written.cors)
    elif kind == "manifest":
        for written in manifest_urls(text):
            yield from reference(written, "the web manifest", "image")
    elif kind == "playlist":
        for written in playlist.urls(text):
            of = "playlist" if extension(written.partition("?")[0]) in _PLAYLISTS else "segment"
            yield from reference(written, "the playlist", of, cors=True)
    elif kind == "drawing":
        yield from _in_drawing(asset, text, hosts)
    else:
        base = asset.url if kind == "worker" else asset.base
        script = Script(asset.url, base or asset.place, asset.url, "the script", importmap)
        yield from strings.of_script(text, script)
    if kind not in ("manifest", "playlist", "drawing") and (written := modules.source_map(text)):
        yield from reference(written, "sourceMappingURL", "map")


def _in_drawing(asset: Asset, text: str, hosts: Hosts) -> Iterator[Reference]:
    """A drawing in an <img> loads nothing; opened by itself or in an <object> it loads what it names."""
    if not _NAMES_SOMETHING.search(text):
        return
    page = parse(asset.url, text)
    sheets = (resolve(asset.url, unescape(written)) for written in _STYLESHEET.findall(text))
    page.references += [Reference(url, asset.url, "<?xml-stylesheet?>", "style") for url in sheets if url]
    for reference in (*page.references, *page.strings):
        if asset.kind in ("object", "document", "link", "use") or not hosts.is_ours(reference.url):
            yield replace(reference, how=f"{reference.how} in a drawing", maybe=True)


def _kind(asset: Asset) -> str:
    name = extension(asset.url)
    if name in _PLAYLISTS or asset.last.type in _PLAYLIST_TYPES:
        return "playlist"
    if name == ".svg" or asset.last.type == "image/svg+xml":
        return "drawing"
    if asset.kind in _READ:
        return asset.kind
    return _KINDS.get(name, asset.kind) if asset.kind in ("fetch", "string", "link") else asset.kind


_READ = {"style", "script", "module", "worker", "manifest", "playlist", "drawing"}
_PLAYLISTS = {".m3u8", ".mpd"}
_PLAYLIST_TYPES = {"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "application/dash+xml"}
_KINDS: Mapping[str, str] = {".css": "style", ".js": "script", ".mjs": "module", ".webmanifest": "manifest"}
_STYLESHEET = re.compile(r"<\?xml-stylesheet\b[^>]*?\shref\s*=\s*[\"']([^\"']+)")
_NAMES_SOMETHING = re.compile(r"href|url\(|<script|<style|<\?xml-stylesheet|\son\w+=", re.IGNORECASE)
