"""Requests every static URL from the CDN, twice, and more often where needed."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from static_smoke.http.cdn import is_hit
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts, extension
from static_smoke.http.urls import resolve, unsigned
from static_smoke.parse import css, modules
from static_smoke.parse.metadata import manifest_urls
from static_smoke.parse.page import Reference

# A CDN has many edge servers, and the first answers may each come from another one.
TRIES_FOR_A_HIT = 6
TRIES_FOR_COMPRESSION = 4
# Types that every CDN compresses, within CloudFront's size limits (decoded bytes).
COMPRESSIBLE = re.compile(r"text/(css|javascript|html|plain|xml)|application/(x-)?(javascript|json|xml)|image/svg\+xml")
COMPRESSED_SIZES = range(1_000, 10_000_001)
# The kind of files that only a manifest names: requested once, since no visitor warms a cache with them.
LISTED = "listed"
_CODINGS = {"br", "gzip", "zstd"}


@dataclass(slots=True)
class Asset:
    """One static URL and its answers. ``place``: where it was found first."""

    url: str
    kind: str
    place: str
    cors: bool = False
    answers: list[Answer] = field(default_factory=list)

    @property
    def last(self) -> Answer:
        return self.answers[-1]

    def add(self, answer: Answer) -> None:
        """Adds an answer. Only the last one keeps its body."""
        self.answers = [*(replace(before, body=b"") for before in self.answers), answer]

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


async def fetch(
    client: Client, hosts: Hosts, references: Iterable[Reference], importmap: modules.ImportMap
) -> tuple[dict[str, Asset], list[Reference]]:
    """Every asset on the CDN's hosts, and the references in stylesheets, modules and manifests."""
    assets: dict[str, Asset] = {}
    objects: set[str] = set()
    inner: list[Reference] = []
    pending = list(references)
    while pending:
        wave = []
        for reference in pending:
            asset = assets.get(reference.url)
            known = unsigned(reference.url) in objects
            if asset is None and not known and hosts.is_ours(reference.url) and _is_file(reference, hosts):
                asset = Asset(reference.url, reference.kind, reference.place, reference.cors)
                assets[reference.url] = asset
                objects.add(unsigned(reference.url))
                wave.append(asset)
            if asset is not None and reference.kind in ("style", "module", "manifest"):
                asset.kind, asset.cors = reference.kind, asset.cors or reference.cors
        await asyncio.gather(*(_request(client, hosts, asset) for asset in wave))
        pending = [found for asset in wave for found in _inside(asset, importmap)]
        inner += pending
    return assets, inner


def _is_file(reference: Reference, hosts: Hosts) -> bool:
    linked = reference.kind in ("link", "document")
    return bool(urlsplit(reference.url).path.strip("/")) and (
        not linked or hosts.looks_static(reference.url) or bool(extension(reference.url))
    )


async def _request(client: Client, hosts: Hosts, asset: Asset) -> None:
    headers = {"Pragma": "akamai-x-cache-on"}
    if asset.cors:
        # First without an Origin: what a cache then holds must work for a page as well.
        asset.add(await client.request(asset.url, headers=headers))
        headers["Origin"] = hosts.origin
    for number in range(TRIES_FOR_A_HIT):
        asset.add(await client.request(asset.url, headers=headers))
        if asset.last.status == 0 and not number:
            continue  # a connection may drop once
        if asset.last.status != 200 or asset.kind == LISTED or (number and asset.is_hit):
            break
    for _ in range(TRIES_FOR_COMPRESSION):
        if asset.last.status != 200 or is_compressed(asset.last) or not should_be_compressed(asset):
            break
        asset.add(await client.request(asset.url, headers=headers))


def _inside(asset: Asset, importmap: modules.ImportMap) -> Iterable[Reference]:
    if asset.last.status != 200:
        return
    if asset.kind not in ("style", "script", "module", "manifest"):
        return
    text = asset.body.decode("utf-8", "replace")

    def reference(written: str, how: str, kind: str, **more) -> Iterable[Reference]:
        url = resolve(asset.url, written)
        if url:
            yield Reference(url, asset.url, how, kind, **more)

    if asset.kind == "style":
        for written in css.stylesheet_urls(text):
            kind = _KINDS.get(extension(written.partition("?")[0].partition("#")[0]), "image")
            yield from reference(written, "url()", kind, maybe=True, cors=kind == "font" or written.cors)
    elif asset.kind == "manifest":
        for written in manifest_urls(text):
            yield from reference(written, "the web manifest", "image", maybe=True)
    elif asset.kind == "module":
        for written in modules.imports(text):
            url = importmap.resolve(asset.url, written)
            yield from reference(url or "", "import", "module", cors=True)
    if asset.kind != "manifest" and (written := modules.source_map(text)):
        yield from reference(written, "sourceMappingURL", "map", maybe=True)


_KINDS: Mapping[str, str] = {
    ".css": "style",
    **dict.fromkeys((".woff", ".woff2", ".ttf", ".otf", ".eot"), "font"),
}
