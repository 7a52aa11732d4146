"""Requests to the origin: URL, headers, signature, and the responses for a missing origin."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

import aiohttp
from botocore.credentials import Credentials
from multidict import CIMultiDict
from yarl import URL

from rehearsal.cdn import errors, origin_access
from rehearsal.cdn.behaviour import Route
from rehearsal.cdn.cache import Entry
from rehearsal.cdn.request import OWN_HEADERS, CacheKey, ViewerRequest
from rehearsal.cdn.resolver import LoopbackResolver

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_S3_DOMAIN = re.compile(r"(?P<bucket>.+)\.s3(?:[.-](?P<region>[a-z0-9-]+))?\.amazonaws\.com(\.cn)?")
_ACCESS_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


@dataclass(frozen=True)
class S3Endpoint:
    """The S3 endpoint, and the edge's credentials there."""

    url: str
    region: str
    credentials: Credentials | None = None


class Origins:
    """Connections to all origins. ``close`` it in the loop that used it."""

    def __init__(self, s3: S3Endpoint) -> None:
        self._s3 = s3
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=LoopbackResolver(), limit_per_host=32),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers={"User-Agent", "Accept", "Accept-Encoding", "Content-Type"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def fetch(self, request: ViewerRequest, key: CacheKey, route: Route, validators: Mapping[str, str]) -> Entry:
        """The origin's answer, or CloudFront's own 502 or 504 if there is none.

        HEAD becomes GET, and a Range is not passed on: the whole object goes into the cache.
        """
        method = "GET" if request.method == "HEAD" else request.method
        headers = self._headers(request, key, route)
        headers.extend(validators)
        query = request.selected_query(route.forwarded) or key.query
        if "S3OriginConfig" in route.origin:
            return await self._fetch_object(method, request, route, query, headers)
        url = _custom_url(route.origin, request.scheme, request.path, query)
        return await self._request(method, url, headers, request.body, route.origin)

    async def _fetch_object(
        self, method: str, request: ViewerRequest, route: Route, query: str, headers: CIMultiDict
    ) -> Entry:
        bucket = bucket_of(route.origin)
        if bucket is None:
            return errors.error_page(502, errors.CANNOT_CONNECT)
        name = unquote(route.origin.get("OriginPath", "") + request.path).removeprefix("/")
        if not _is_plain(name):
            return _access_denied()
        url = f"{self._s3.url}/{bucket}/{quote(name, safe='/-_.~')}" + (query and f"?{query}")
        headers.pop("Host", None)
        access = origin_access.decide(route, bucket, name, request.scheme)
        if access.signs and not (access.keeps_authorization and "Authorization" in headers):
            origin_access.sign(method, url, headers, request.body, self._s3.region, self._s3.credentials)
        answer = await self._request(method, url, headers, request.body, route.origin)
        # S3 answers 404 for a missing key only with ListBucket.
        return _access_denied() if answer.status == 404 and not access.lists else answer

    def _headers(self, request: ViewerRequest, key: CacheKey, route: Route) -> CIMultiDict:
        headers = CIMultiDict({"User-Agent": "Amazon CloudFront"})
        if request.body and "Content-Type" in request.headers:
            headers["Content-Type"] = request.headers["Content-Type"]
        chosen = [*request.selected_headers(route.forwarded), *key.headers]
        for name, value in chosen:
            if name.lower() not in OWN_HEADERS - {"host"}:
                headers[name] = value
        cookies = request.selected_cookies(route.forwarded) or key.cookies
        if cookies:
            headers["Cookie"] = cookies
        headers["Accept-Encoding"] = key.encodings or "identity"
        forwarded = request.headers.get("X-Forwarded-For")
        headers["X-Forwarded-For"] = f"{forwarded}, {request.remote}" if forwarded else request.remote
        for each in route.origin.get("CustomHeaders", {}).get("Items", []):
            headers[each["HeaderName"]] = each["HeaderValue"]
        return headers

    async def _request(self, method: str, url: str, headers: CIMultiDict, body: bytes, origin: dict) -> Entry:
        custom = origin.get("CustomOriginConfig", {})
        timeout = aiohttp.ClientTimeout(
            sock_connect=origin.get("ConnectionTimeout", 10),
            sock_read=custom.get("OriginReadTimeout", 30),
        )
        failure = errors.error_page(502, errors.CANNOT_CONNECT)
        attempts = origin.get("ConnectionAttempts", 3) if method == "GET" else 1
        for _ in range(attempts):
            try:
                async with self._session.request(
                    method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=body or None,
                    timeout=timeout,
                    allow_redirects=False,
                ) as answer:
                    return _entry(answer, await answer.read())
            except TimeoutError:
                failure = errors.error_page(504, errors.NO_ANSWER)
            except (aiohttp.ClientError, ssl.SSLError, OSError):
                failure = errors.error_page(502, errors.CANNOT_CONNECT)
        return failure


def bucket_of(origin: dict) -> str | None:
    """The bucket an S3 origin names; None for a custom origin or a name that is not a bucket's."""
    domain = _S3_DOMAIN.fullmatch(origin["DomainName"]) if "S3OriginConfig" in origin else None
    return domain["bucket"] if domain else None


def _entry(answer: aiohttp.ClientResponse, body: bytes) -> Entry:
    kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
    headers = CIMultiDict(kept)
    validators = {}
    if "ETag" in headers:
        validators["If-None-Match"] = headers["ETag"]
    if "Last-Modified" in headers:
        validators["If-Modified-Since"] = headers["Last-Modified"]
    return Entry(answer.status, headers, body, validators=validators)


def _custom_url(origin: dict, viewer_scheme: str, path: str, query: str) -> str:
    custom = origin.get("CustomOriginConfig", {})
    policy = custom.get("OriginProtocolPolicy", "match-viewer")
    scheme = {"http-only": "http", "https-only": "https"}.get(policy, viewer_scheme)
    port = custom.get("HTTPSPort", 443) if scheme == "https" else custom.get("HTTPPort", 80)
    url = f"{scheme}://{origin['DomainName']}:{port}{origin.get('OriginPath', '')}{path}"
    return f"{url}?{query}" if query else url


def _is_plain(name: str) -> bool:
    """Whether every S3 server reads ``name`` as the same key: on S3 ``a//b`` and ``a/../b`` are
    keys of their own, a server that stores files normalises them."""
    return not {"", ".", ".."} & set(name.split("/")[:-1]) and name.split("/")[-1] not in {".", ".."}


def _access_denied() -> Entry:
    headers = {"Content-Type": "application/xml", "Content-Length": str(len(_ACCESS_DENIED))}
    return Entry(403, CIMultiDict(headers | {"Server": "AmazonS3"}), _ACCESS_DENIED)
