"""Check H: the headers of each of the CDN's answers, and who sent it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from static_smoke.checks import fetch
from static_smoke.checks.fetch import Asset
from static_smoke.checks.result import Result
from static_smoke.http import cdn
from static_smoke.http.client import Client
from static_smoke.http.coding import decode
from static_smoke.http.hosts import Hosts, extension
from static_smoke.http.urls import resolve
from static_smoke.rules import Fact, Rule
from static_smoke.site.manifest import Manifest, carries_hash, name_fits

_JAVASCRIPT = {"text/javascript", "application/javascript", "application/x-javascript"}
TYPES = {
    ".css": {"text/css"},
    ".js": _JAVASCRIPT,
    ".mjs": _JAVASCRIPT,
    ".png": {"image/png"},
    ".jpg": {"image/jpeg"},
    ".jpeg": {"image/jpeg"},
    ".gif": {"image/gif"},
    ".webp": {"image/webp"},
    ".avif": {"image/avif"},
    ".svg": {"image/svg+xml"},
    ".ico": {"image/x-icon", "image/vnd.microsoft.icon"},
    ".woff": {"font/woff", "application/font-woff"},
    ".woff2": {"font/woff2", "application/font-woff2"},
    ".ttf": {"font/ttf", "font/sfnt", "application/x-font-ttf"},
    ".otf": {"font/otf", "font/sfnt"},
    ".json": {"application/json", "application/manifest+json"},
    ".map": {"application/json"},
    ".webmanifest": {"application/manifest+json"},
    ".wasm": {"application/wasm"},
    ".mp4": {"video/mp4"},
    ".webm": {"video/webm"},
}
_GZIP = b"\x1f\x8b"
ALL_DENIED = 3
# Seconds: a shorter max-age does not count as immutable.
A_MONTH = 30 * 86_400
_MAX_AGE = re.compile(r"\bmax-age=(\d+)")
_NOT_CACHED = re.compile(r"\b(no-store|no-cache|private)\b")


async def check(
    client: Client,
    assets: Mapping[str, Asset],
    listed: Mapping[str, Asset],
    set_cookies: Iterable[tuple[str, str]],
    hosts: Hosts,
    manifest: Manifest,
    origin: str,
    marker: str,
) -> Result:
    """``assets``: files that pages load; ``listed``: those that only the manifest names. ``marker``: the origin's
    header."""
    everything = assets | listed
    facts = await same_address(client, hosts, assets.values(), origin)
    facts += [*judge(everything.values(), hosts, manifest, marker), *wide_cookies(set_cookies, hosts)]
    if not assets:
        return Result(facts, reason="no asset on a CDN host was found")
    return Result(facts, len(everything))


def judge(assets: Iterable[Asset], hosts: Hosts, manifest: Manifest, marker: str) -> Iterator[Fact]:
    """Facts about every asset. ``marker``: the header that the origin adds to all its responses."""
    by_host: dict[str, list[Asset]] = {}
    for asset in assets:
        by_host.setdefault(urlsplit(asset.url).netloc, []).append(asset)
        yield from _sender(asset, hosts, marker)
        if asset.last.status == 200 and marker not in asset.last.headers:
            yield from _bytes(asset, hosts, manifest)
            yield from _policy(asset, hosts, manifest)
    for found in by_host.values():
        statuses = {asset.last.status for asset in found}
        if len(found) >= ALL_DENIED and not any(200 <= status < 400 for status in statuses):
            first = found[0]
            answers = first.last.error or ", ".join(map(str, sorted(statuses)))
            what = f"{urlsplit(first.url).netloc} denies all {len(found)} assets: {answers}"
            yield Fact(Rule.DENIED, first.url, first.place, what)


def _sender(asset: Asset, hosts: Hosts, marker: str) -> Iterator[Fact]:
    answer = asset.last
    if marker in answer.headers:
        what = f"the answer carries {marker}: {answer.headers[marker]}, so the origin sent it"
        yield Fact(Rule.MARKED, asset.url, asset.place, what)
    if 300 <= answer.status < 400:
        target = resolve(asset.url, answer.headers.get("Location", "")) or ""
        to = "the origin" if hosts.is_origin(target) else target
        what = f"{answer.status} to {to}: {target}"
        yield Fact(Rule.REDIRECTED, asset.url, asset.place, what, (target,))
    if any("Set-Cookie" in answer.headers for answer in asset.answers):
        yield Fact(Rule.COOKIE, asset.url, asset.place, "the answer sets a cookie")
    never_hit = asset.kind != fetch.LISTED and not asset.is_hit
    if answer.status == 200 and never_hit and marker not in answer.headers:
        seen = [name for name in cdn.CACHE_HEADERS if name in answer.headers]
        cache = "; ".join(f"{name}: {answer.headers[name]}" for name in seen) or "no cache header"
        what = f"{len(asset.answers)} requests and no cache hit ({cache})"
        yield Fact(Rule.NEVER_HIT, asset.url, asset.place, what)


def _bytes(asset: Asset, hosts: Hosts, manifest: Manifest) -> Iterator[Fact]:
    def fact(rule: Rule, what: str) -> Fact:
        return Fact(rule, asset.url, asset.place, what)

    answer, entry = asset.last, manifest.entry(asset.url, hosts)
    if answer.cut:
        return
    try:
        body = answer.decoded()
    except ValueError as error:
        yield fact(Rule.ENCODING, f"Content-Encoding: {answer.encoding}, but the body is {error}")
        return
    hidden = _hidden_coding(asset, body)
    if hidden:
        once = f"the body is {hidden}, and no Content-Encoding says so: not labelled"
        twice = f"still {hidden} after undoing {answer.encoding}: compressed twice"
        yield fact(Rule.ENCODING, twice if answer.encoding else once)
        return
    wrong = entry is not None and (entry.is_body(body) is False or (entry.hashed and not name_fits(entry.name, body)))
    if wrong:
        yield fact(Rule.HASH, "the bytes do not match the hash in the name")
    expected = TYPES.get(extension(asset.url))
    sent = answer.headers.get("Content-Type", "")
    charset = answer.headers.get("Content-Type", "").lower().partition("charset=")[2].strip('" ')
    if entry is not None and entry.content_type:
        if sent != entry.content_type:
            yield fact(Rule.TYPE, f"Content-Type is {sent!r}, not {entry.content_type!r}")
    elif expected and answer.type not in expected:
        yield fact(Rule.TYPE, f"Content-Type is {sent!r}, not {min(expected)!r}")
    elif charset not in ("", "utf-8"):
        yield fact(Rule.TYPE, f"Content-Type is {sent!r}: not UTF-8")
    if fetch.should_be_compressed(asset) and not fetch.is_compressed(answer):
        tries = len(asset.answers)
        yield fact(Rule.UNCOMPRESSED, f"{len(body)} bytes sent uncompressed, {tries} times of {tries}")


def _hidden_coding(asset: Asset, body: bytes) -> str | None:
    if extension(asset.url) in (".gz", ".tgz", ".br"):
        return None
    if body.startswith(_GZIP):
        return "gzip"
    if extension(asset.url) in (".css", ".js", ".mjs", ".svg", ".json"):
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return "br" if decode(body, "br") else None
            except ValueError:
                return None
    return None


def _policy(asset: Asset, hosts: Hosts, manifest: Manifest) -> Iterator[Fact]:
    def fact(rule: Rule, what: str) -> Fact:
        return Fact(rule, asset.url, asset.place, what)

    headers = asset.last.headers
    if hosts.role(asset.url) == "static":
        cache = headers.get("Cache-Control", "")
        hashed = carries_hash(asset.url, manifest.entry(asset.url, hosts))
        age = _MAX_AGE.search(cache)
        if hashed and ("immutable" not in cache or not age or int(age[1]) < A_MONTH or _NOT_CACHED.search(cache)):
            yield fact(Rule.NOT_IMMUTABLE, f"Cache-Control is {cache or 'absent'!r} on a name with a hash")
        if hashed is False and "immutable" in cache:
            yield fact(Rule.IMMUTABLE, f"Cache-Control is {cache!r} on a name without a hash")
    if asset.cors:
        allowed = headers.get("Access-Control-Allow-Origin")
        if allowed is None:
            what = f"no Access-Control-Allow-Origin for Origin: {hosts.origin}"
            yield fact(Rule.CORS_ABSENT, what)
        elif allowed not in ("*", hosts.origin):
            what = f"Access-Control-Allow-Origin is {allowed!r}, the site is {hosts.origin!r}"
            yield fact(Rule.CORS_WRONG, what)


def wide_cookies(set_cookies: Iterable[tuple[str, str]], hosts: Hosts) -> Iterator[Fact]:
    """Cookies of the site whose Domain makes browsers send them to the CDN as well."""
    for page, header in set_cookies:
        for name, morsel in SimpleCookie(header).items():
            domain = morsel["domain"].lstrip(".").lower()
            for base in filter(None, (hosts.static, hosts.media)):
                host = urlsplit(base).hostname or ""
                if domain and (host == domain or host.endswith(f".{domain}")):
                    what = f"cookie {name!r} has Domain={domain}: browsers send it to {host}"
                    yield Fact(Rule.COOKIE, base, page, what)


async def same_address(client: Client, hosts: Hosts, assets: Iterable[Asset], origin: str) -> list[Fact]:
    """CDN hosts that resolve to the origin's address and port, and where no CDN answers."""
    facts = []
    home = await client.addresses(origin)
    for base in filter(None, dict.fromkeys((hosts.static, hosts.media))):
        shared = home & await client.addresses(base)
        netloc = urlsplit(base).netloc
        on_host = [asset for asset in assets if urlsplit(asset.url).netloc == netloc]
        if shared and not any(cdn.is_cdn(asset.last) for asset in on_host):
            address, port = min(shared)
            what = f"{netloc} resolves to {address} port {port}, where the origin listens"
            place = on_host[0].place if on_host else hosts.site
            facts.append(Fact(Rule.SAME_ADDRESS, base, place, what))
    return facts
