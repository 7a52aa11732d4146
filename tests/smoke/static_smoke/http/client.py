"""An HTTP client for raw responses: it decodes no body and follows no redirect."""

import asyncio
import ipaddress
import math
import secrets
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from types import TracebackType
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from static_smoke.http import certificate, charset, coding, origin
from static_smoke.options import Options

# Seconds for a response, without the wait for a free connection.
PATIENCE = 30
# The same at one address of a host: some families and ports drop what they do not take.
PATIENCE_AT = 5
TOO_LATE = "--minutes were over"
HTML = ("text/html", "application/xhtml+xml")
FAILURES = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)


def new_run() -> str:
    """A run's id; it is sent in the User-Agent as ``slipway-smoke/<id>``."""
    return secrets.token_hex(6)


def agent(run: str) -> str:
    return f"slipway-smoke/{run}"


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` 0: no answer, and ``error`` says why. ``body`` is as it came over the wire.

    ``cut``: the body is longer than ``coding.MAX_BYTES``, or MAX_PAGE for a page, and was read up to there.
    """

    url: str
    status: int
    headers: CIMultiDict
    body: bytes = b""
    error: str = ""
    cut: bool = False

    @property
    def late(self) -> bool:
        """Whether the run's time was over before the answer was there."""
        return self.error == TOO_LATE

    @property
    def unavailable(self) -> bool:
        """Whether the server gave no answer of its own: no connection, a timeout, a 5xx. It says nothing of the URL."""
        return self.status == 0 or self.status >= 500

    @property
    def type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def encoding(self) -> str:
        return self.headers.get("Content-Encoding", "").strip().lower()

    def decoded(self) -> bytes:
        """The body without its Content-Encoding; ValueError if the label is wrong, or the body was cut.

        A page that was cut is decoded up to there, for its start can be judged.
        """
        if self.cut and self.type not in HTML:
            raise ValueError(f"more than {coding.MAX_BYTES // 1_000_000} MB")
        return coding.undo(self.body, self.encoding, whole=not self.cut)

    def decoded_text(self) -> str:
        """The body as a browser reads it; ValueError as ``decoded``."""
        return charset.text(self.decoded(), self.headers.get("Content-Type", ""))

    @property
    def text(self) -> str:
        try:
            return self.decoded_text()
        except ValueError:
            return ""


class Resolver(AbstractResolver):
    """``--resolve`` first; ``*.localhost`` is loopback (RFC 6761); else the system's answer."""

    def __init__(self, fixed: Mapping[tuple[str, int], tuple[str, int]] | None):
        self._fixed = dict(fixed or {})

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        address, port = self._fixed.get((host, port), (host, port))
        if address == "localhost" or address.endswith(".localhost"):
            address = "127.0.0.1"
        try:
            found = [str(ipaddress.ip_address(address))]
        except ValueError:
            loop = asyncio.get_running_loop()
            infos = await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(info[4][0] for info in infos))
        return [
            {
                "hostname": host,
                "host": ip,
                "port": port,
                "family": socket.AF_INET6 if ":" in ip else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for ip in found
        ]

    async def close(self):
        pass


class Everywhere(AbstractResolver):
    """One address and port for all hosts."""

    def __init__(self, address: str, port: int):
        self._fixed = Resolver({})
        self._address, self._port = address, port

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        return [entry | {"hostname": host} for entry in await self._fixed.resolve(self._address, self._port, family)]

    async def close(self):
        pass


_NOWHERE = URL()


class SiteCookies(aiohttp.CookieJar):
    """Accepts cookies from one origin and sends them there only, whatever their Domain is."""

    def __init__(self, site: str):
        super().__init__(unsafe=True)  # the site's host may be an IP address
        self._site = site

    def update_cookies(self, cookies, response_url=_NOWHERE):
        if self._is_site(response_url):
            super().update_cookies(cookies, response_url)

    def update_cookies_from_headers(self, headers, response_url):
        if self._is_site(response_url):
            super().update_cookies_from_headers(headers, response_url)

    def filter_cookies(self, request_url=_NOWHERE):
        return super().filter_cookies(request_url) if self._is_site(request_url) else SimpleCookie()

    def _is_site(self, url: URL) -> bool:
        return origin.same(self._site, str(url))


class Client:
    """A session with one run id. ``cookies``: whether it stores the site's. ``patience``: seconds for a response.

    ``until``: the monotonic second after which no response is awaited and no request sent (``Answer.late``).
    ``address``: address and port to connect to, whatever a URL's host is, and with any certificate.
    """

    def __init__(
        self,
        options: Options,
        run: str,
        *,
        cookies: bool = False,
        limit: int = 16,
        patience: float = PATIENCE,
        until: float = math.inf,
        address: tuple[str, int] | None = None,
    ):
        self.run, self._options = run, options
        self._resolver = Everywhere(*address) if address else Resolver(options.resolve)
        self._ca = options.ca
        self._patience, self.until = patience, until
        self._turn = asyncio.Semaphore(limit)
        trust = False if address else self._trust()
        connector = aiohttp.TCPConnector(resolver=self._resolver, ssl=trust, limit=0, use_dns_cache=not address)
        jar = SiteCookies(options.site) if cookies else aiohttp.DummyCookieJar()
        self.session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=jar,
            auto_decompress=False,
            headers={"User-Agent": f"Mozilla/5.0 {agent(run)}"},
        )

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.session.close()

    async def request(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, data=None
    ) -> Answer:
        """Sends one request and follows no redirect. Network errors are in the answer, not raised."""
        sent = {"Accept-Encoding": "br, gzip", **(headers or {})}
        async with self._turn:
            left = self.until - time.monotonic()
            if left <= 0:
                return Answer(url, 0, CIMultiDict(), error=TOO_LATE)
            timeout = aiohttp.ClientTimeout(total=min(self._patience, left), sock_connect=10)
            try:
                async with self.session.request(
                    method, URL(url, encoded=True), headers=sent, data=data, allow_redirects=False, timeout=timeout
                ) as answer:
                    body, cut = await _read(answer)
                    return Answer(url, answer.status, CIMultiDict(answer.headers), body, cut=cut)
            except FAILURES as error:
                if time.monotonic() >= self.until:
                    return Answer(url, 0, CIMultiDict(), error=TOO_LATE)
                reason = await self._certificate_problem(url, error) or str(error) or self._timeout(error)
                return Answer(url, 0, CIMultiDict(), error=reason)

    def _timeout(self, error: Exception) -> str:
        timed_out = isinstance(error, asyncio.TimeoutError)
        return f"no complete answer within {self._patience:g} s" if timed_out else type(error).__name__

    def _trust(self) -> ssl.SSLContext:
        trust = ssl.create_default_context()
        if self._ca:
            trust.load_verify_locations(self._ca)
        return trust

    async def _certificate_problem(self, url: str, error: Exception) -> str:
        """What is wrong with the dates of the host's certificate, if that is the error; else ""."""
        if not isinstance(error, aiohttp.ClientConnectorCertificateError):
            return ""
        addresses = await self.addresses(url)
        if not addresses:
            return ""
        return await certificate.problem(error, urlsplit(url).hostname or "", min(addresses), self._trust())

    def at(self, address: tuple[str, int]) -> "Client":
        """Another client, that connects there: who answers for a host at one of its addresses?"""
        return Client(
            self._options, self.run, patience=min(self._patience, PATIENCE_AT), until=self.until, address=address
        )

    async def certificate_names(self, url: str) -> list[str]:
        """The host names in the certificate of ``url``'s server; none without https, or if it is not valid."""
        addresses = await self.addresses(url) if urlsplit(url).scheme == "https" else set()
        return await certificate.names(urlsplit(url).hostname or "", min(addresses), self._trust()) if addresses else []

    async def addresses(self, url: str) -> set[tuple[str, int]]:
        """The (address, port) pairs of ``url``'s host and port; empty if the name is unknown."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = await self._resolver.resolve(parts.hostname, port)
        except OSError:
            return set()
        return {(entry["host"], entry["port"]) for entry in found}


async def _read(answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """The body, and whether it was cut at the limit."""
    body, most = bytearray(), coding.MAX_PAGE if answer.content_type in HTML else coding.MAX_BYTES
    async for part in answer.content.iter_any():
        body += part
        if len(body) > most:
            answer.close()
            return bytes(body[:most]), True
    return bytes(body), False
