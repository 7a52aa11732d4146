"""Check A: the state of the CDN and the bucket, as the provider's own API describes it.

The document may have any shape: CloudFront's and S3's own field names are found at any
depth (``Origins``, ``OriginAccessControlId``, ``BlockPublicAcls``, …), and ``bucket_url`` is the
bucket's own endpoint, which must deny a visitor.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from static_smoke.checks.fetch import Asset
from static_smoke.checks.result import Result
from static_smoke.http.client import Client
from static_smoke.http.hosts import Hosts
from static_smoke.rules import Fact, Rule

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def load(path: Path) -> dict:
    """Raises ValueError unless the file holds one JSON object."""
    document = json.loads(path.read_text())
    if not isinstance(document, dict):
        raise ValueError(f"{path}: not an object")
    return document


async def check(client: Client, document: dict | None, source: str, assets: Iterable[Asset], hosts: Hosts) -> Result:
    """``source``: the document's name. ``assets``: files of the CDN, which the bucket must deny to everybody else."""
    if document is None:
        return Result(reason="no --provisioned")
    facts, checked = judge(document, source, hosts)
    more, requests = await request_bucket(client, document, source, _samples(assets, hosts))
    if not checked:
        return Result(facts + more, reason=f"{source} describes no distribution")
    return Result(facts + more, checked + requests, "" if requests else "no bucket_url: bucket not requested")


def _samples(assets: Iterable[Asset], hosts: Hosts) -> list[str]:
    """The path of one object of each host."""
    paths = {hosts.role(asset.url): urlsplit(asset.url).path for asset in assets if asset.last.status == 200}
    return [path.lstrip("/") for role, path in paths.items() if role in ("static", "media")]


def judge(document: dict, source: str, hosts: Hosts) -> tuple[list[Fact], int]:
    """Facts, and how many origins and public access blocks were checked."""
    facts, checked = [], 0
    for place, node in _walk(document, source):
        origins = node.get("Origins")
        if origins is not None:
            aliases = node.get("Aliases") or {}
            names = aliases.get("Items") or [] if isinstance(aliases, dict) else aliases
            items = origins.get("Items") or [] if isinstance(origins, dict) else origins
            url = _url(names, hosts)
            for number, origin in enumerate(items):
                checked += 1
                facts += _origin(origin, url, f"{place}.Origins[{number}]", hosts)
        if node.get("SigningBehavior", "always") != "always":
            what = f"the origin access control signs {node['SigningBehavior']!r}, not 'always'"
            facts.append(Fact(Rule.NO_ACCESS_CONTROL, hosts.static or hosts.site, place, what))
        if "public_access_block" in node and not node["public_access_block"]:
            what = "the bucket has no public access block"
            facts.append(Fact(Rule.PUBLIC_BUCKET, source, f"{place}.public_access_block", what))
        if _BLOCKS[0] in node:
            checked += 1
            off = [name for name in _BLOCKS if not node.get(name)]
            if off:
                what = f"the bucket's public access block is missing {', '.join(off)}"
                facts.append(Fact(Rule.PUBLIC_BUCKET, source, place, what))
    return facts, checked


def _origin(origin: dict, url: str, place: str, hosts: Hosts) -> Iterator[Fact]:
    domain = origin.get("DomainName", "")
    custom = origin.get("CustomOriginConfig") or {}
    site = urlsplit(hosts.site)
    if hosts.is_origin(f"{site.scheme}://{domain}/") or domain == site.hostname:
        what = f"the distribution's origin is the site itself ({domain})"
        yield Fact(Rule.ORIGIN_IS_SITE, url, place, what)
    elif not origin.get("OriginAccessControlId") and not _identity(origin):
        kind = "a plain web server" if custom else "read without origin access control"
        what = f"the distribution's origin {domain} is {kind}"
        rule = Rule.ORIGIN_IS_SITE if custom and not _is_bucket(domain) else Rule.NO_ACCESS_CONTROL
        yield Fact(rule, url, place, what)


def _items(origins: object) -> list[dict]:
    found = origins.get("Items") if isinstance(origins, dict) else origins
    return [origin for origin in found or [] if isinstance(origin, dict)]


def _identity(origin: dict) -> str:
    return (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity") or ""


def _is_bucket(domain: str) -> bool:
    return ".s3" in domain or domain.startswith("s3")


def _url(aliases: Iterable[str], hosts: Hosts) -> str:
    for base in filter(None, (hosts.static, hosts.media)):
        if urlsplit(base).hostname in aliases:
            return base
    first = next(iter(aliases), None)
    return f"https://{first}/" if first else hosts.static or hosts.site


def _walk(node: object, place: str) -> Iterator[tuple[str, dict]]:
    if isinstance(node, dict):
        yield place, node
        for name, value in node.items():
            yield from _walk(value, f"{place}.{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _walk(value, f"{place}[{number}]")


async def request_bucket(client: Client, document: dict, source: str, names: Iterable[str]) -> tuple[list[Fact], int]:
    """Sends anonymous requests to the bucket itself: it must give neither a listing nor an object."""
    facts, requests = [], 0
    origins = (origin for _, node in _walk(document, "") for origin in _items(node.get("Origins")))
    folders = dict.fromkeys(origin.get("OriginPath", "").strip("/") for origin in origins)
    objects = [f"{folder}/{quote(name)}".lstrip("/") for folder in folders for name in names]
    for place, node in _walk(document, source):
        base = node.get("bucket_url")
        if not isinstance(base, str):
            continue
        base = f"{base.rstrip('/')}/"
        for path in ("", *objects):
            answer = await client.request(urljoin(base, path))
            requests += 1
            if answer.status == 200:
                what = "anybody may read the bucket" if path else "anybody may list the bucket"
                facts.append(Fact(Rule.PUBLIC_BUCKET, answer.url, f"{place}.bucket_url", what))
                break
    return facts, requests
