"""Check H: the headers of each of the CDN's answers, and who sent it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from static_smoke.checks import addresses, fetch, ways_to_ask
from static_smoke.checks.fetch import Asset
from static_smoke.checks.result import Result
from static_smoke.http import cdn
from static_smoke.http.client import Client
from static_smoke.http.coding import decode
from static_smoke.http.hosts import FONT_EXTENSIONS, IMAGE_EXTENSIONS, Hosts, extension
from static_smoke.http.urls import resolve
from static_smoke.rules import Fact, Rule
from static_smoke.site import digests
from static_smoke.site.digests import carries_hash, name_fits
from static_smoke.site.manifest import Manifest

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
_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
# What differs from visitor to visitor: a cache keeps a copy for each, or none.
_VISITORS = {"*", "cookie", "user-agent", "authorization", "referer"}
ALL_DENIED = 3
_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
# Names whose hash fits their bytes, after which the others' have to fit too.
FITTING = 3
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
    *,
    marked: bool = True,
) -> Result:
    """``assets``: files that pages load; ``listed``: those that only the manifest names. ``marker``: the origin's
    header, and ``marked`` whether the site's pages have it."""
    everything = assets | listed
    facts, reasons = await addresses.check(client, hosts, assets.values(), origin, marker)
    facts += [*judge(everything.values(), hosts, manifest, marker), *wide_cookies(set_cookies, hosts)]
    facts += await ways_to_ask.check(client, hosts, everything.values(), marker)
    if not marked:
        reasons.append(f"the site's pages carry no {cdn.MARKER}, by which the origin is told from the CDN")
    if not assets:
        return Result(facts, reason="no asset on a CDN host was found")
    return Result(facts, len(everything), "; ".join(reasons), _notes(everything.values(), hosts, manifest))


def _notes(assets: Iterable[Asset], hosts: Hosts, manifest: Manifest) -> list[str]:
    """What nobody can tell: whether an immutable name has a hash of its bytes, or was chosen by hand."""
    unknown = [
        asset.url
        for asset in assets
        if hosts.role(asset.url) == "static"
        and "immutable" in asset.last.headers.get("Cache-Control", "")
        and carries_hash(asset.url, manifest.entry(asset.url, hosts), asset.body) is None
    ]
    if not unknown:
        return []
    more = f" and {len(unknown) - 1} more" if unknown[1:] else ""
    return [f"not checked: whether immutable names have a hash of their bytes: {unknown[0]}{more} (see --manifest)"]


def judge(assets: Iterable[Asset], hosts: Hosts, manifest: Manifest, marker: str) -> Iterator[Fact]:
    """Facts about every asset. ``marker``: the header that the origin adds to all its responses."""
    by_host: dict[str, list[Asset]] = {}
    assets = list(assets)
    by_django = _is_by_django(assets)
    for asset in assets:
        by_host.setdefault(urlsplit(asset.url).netloc, []).append(asset)
    for asset in assets:
        yield from _sender(asset, hosts, marker)
        if asset.last.status == 200 and marker not in asset.last.headers:
            yield from _bytes(asset, hosts, manifest, by_django=by_django)
            yield from _policy(asset, hosts, manifest)
            yield from _cors(asset, hosts, by_host)
            yield from _cors_later(asset, hosts)
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
    sent = [value for each in asset.answers for value in each.headers.getall("Vary", [])]
    if answer.status == 200 and _VISITORS & {name.strip().lower() for value in sent for name in value.split(",")}:
        yield Fact(Rule.VARIES, asset.url, asset.place, f"Vary is {', '.join(dict.fromkeys(sent))!r}")
    never_hit = hosts.cached and asset.kind != fetch.LISTED and not asset.is_hit
    if answer.status == 200 and never_hit and marker not in answer.headers:
        seen = [name for name in cdn.CACHE_HEADERS if name in answer.headers]
        cache = "; ".join(f"{name}: {answer.headers[name]}" for name in seen) or "no cache header"
        what = f"{len(asset.answers)} requests and no cache hit ({cache})"
        yield Fact(Rule.NEVER_HIT, asset.url, asset.place, what)


def _is_by_django(assets: Iterable[Asset]) -> bool:
    """Whether names have Django's hashes: most of those that look so fit their bytes."""
    fitting = [_fits(it, it.body) for it in assets if it.last.status == 200 and digests.is_djangos(it.url)]
    return sum(fitting) >= FITTING and sum(fitting) > len(fitting) / 2


def _fits(asset: Asset, body: bytes) -> bool:
    """Whether the hash in a name that no manifest knows is that of the answer."""
    return name_fits(asset.url, body, _sent(asset))


def _sent(asset: Asset) -> tuple[str, str]:
    return asset.last.headers.get("Content-Type", ""), asset.last.headers.get("Cache-Control", "")


def _bytes(asset: Asset, hosts: Hosts, manifest: Manifest, *, by_django: bool) -> Iterator[Fact]:
    """``by_django``: names that no manifest knows have Django's hashes too."""

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
    if entry is not None:
        wrong = entry.is_body(body) is False or (entry.hashed and not entry.fits(body, *_sent(asset)))
    else:
        wrong = by_django and digests.is_djangos(asset.url) and not _fits(asset, body)
    if wrong:
        yield fact(Rule.HASH, "the bytes do not match the hash in the name")
    elif sham := _sham(asset, body):
        yield Fact(Rule.HASH, asset.url, asset.place, sham, fix="push the file itself, then purge the name")
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
    if hosts.cached and fetch.should_be_compressed(asset) and not fetch.is_compressed(answer):
        tries = len(asset.answers)
        yield fact(Rule.UNCOMPRESSED, f"{len(body)} bytes sent uncompressed, {tries} times of {tries}")


def _sham(asset: Asset, body: bytes) -> str:
    """Why the bytes cannot be the file's, whatever Content-Type they have: an error page under its name, or nothing."""
    name = extension(asset.url)
    if name in TYPES and _PAGE.match(body):
        return f"the bytes are an HTML page, not a {name} file"
    # An empty stylesheet or script may be meant.
    return f"a {name} file without a byte" if not body and name in IMAGE_EXTENSIONS | FONT_EXTENSIONS else ""


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
        hashed = carries_hash(asset.url, manifest.entry(asset.url, hosts), asset.body)
        age = _MAX_AGE.search(cache)
        if hashed and ("immutable" not in cache or not age or int(age[1]) < A_MONTH or _NOT_CACHED.search(cache)):
            yield fact(Rule.NOT_IMMUTABLE, f"Cache-Control is {cache or 'absent'!r} on a name with a hash")
        if hashed is False and "immutable" in cache:
            yield fact(Rule.IMMUTABLE, f"Cache-Control is {cache!r} on a name without a hash")


def _cors(asset: Asset, hosts: Hosts, by_host: Mapping[str, list[Asset]]) -> Iterator[Fact]:
    """The header that fonts and modules need. ``by_host``: whether no file of the host has it, or this one has not."""
    allowed = asset.last.headers.get(_ALLOW_ORIGIN)
    if not asset.cors or allowed in ("*", hosts.origin):
        return
    host = urlsplit(asset.url).netloc
    fix = (
        f"let {host} send {_ALLOW_ORIGIN}: {hosts.origin}, in the CDN's configuration "
        "(CloudFront: the response-headers policy); no file of the project is to change"
    )
    if allowed is not None:
        what = f"{_ALLOW_ORIGIN} is {allowed!r}, the site is {hosts.origin!r}"
        yield Fact(Rule.CORS_WRONG, asset.url, asset.place, what, fix=fix)
        return
    sent = [_ALLOW_ORIGIN in it.last.headers for it in by_host[host] if it.cors]
    files = "this file" if any(sent) else f"any of the {len(sent)} files that need it"
    what = f"{host} sends no {_ALLOW_ORIGIN} with {files}"
    yield Fact(Rule.CORS_ABSENT, asset.url, asset.place, what, fix=fix)


def _cors_later(asset: Asset, hosts: Hosts) -> Iterator[Fact]:
    """A file that a tag loads without CORS, and that a fetch(), a canvas or a worker asks for later with it.

    A browser that holds the first answer, which allows nobody, blocks the second request for as long as it holds it.
    Only a CDN's answers can be set so; a bucket's are its server's.
    """
    if not hosts.cached:
        return
    good = [(number, it.headers) for number, it in enumerate(asset.answers) if it.status == 200]
    asked = [headers for number, headers in good if number in asset.as_origin]
    if not any(headers.get(_ALLOW_ORIGIN) in ("*", hosts.origin) for headers in asked):
        return
    host = urlsplit(asset.url).netloc
    for number, headers in good:
        varies = {name.strip().lower() for value in headers.getall("Vary", []) for name in value.split(",")}
        if number not in asset.as_origin and _ALLOW_ORIGIN not in headers and not varies & {"origin", "*"}:
            what = f"{host} sends {_ALLOW_ORIGIN} to requests with Origin alone, and no Vary: Origin to the others"
            fix = (
                f"a browser that has the file from a tag blocks a later fetch() of it: let {host} send "
                f"{_ALLOW_ORIGIN}: {hosts.origin} with every answer, or Vary: Origin (`make cdn` does at CloudFront), "
                f"then purge https://{host}/*; no file of the project is to change"
            )
            yield Fact(Rule.CORS_LATER, asset.url, asset.place, what, fix=fix)
            return


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
