"""HTTP/1.1 on one kept connection: what a slow line sends is seen, and waited for as long as it moves.

urllib3 opens the connection (proxies, TLS, and their errors). Its own requests, with botocore's signatures, bound the
sending of a body by a fixed time, and 2,352 of them took 2.3 s of processor time; these take 0.5 s.
"""

import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path, mask_proxy_url
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.util import make_headers, parse_url

from slipway.tool.push.bucket import Access

CONNECT = 15.0  # seconds, for each step: TCP, the proxy, TLS
# A connection is given up when the server has acknowledged no byte for so long. Slow is no reason.
STALL = 30.0  # seconds
# How often the acknowledged bytes are looked at in that time.
LOOKS = 6
# Once all bytes are acknowledged the answer may take that, and longer for a large body: what acknowledged it may be a
# proxy or a router, which sends it on at this rate.
LEAST_RATE = 100_000  # bytes per second
# What the kernel may hold of a body beyond that which is on its way: it is not progress yet.
UNSENT = 256 * 1024  # bytes
LARGEST_HEAD = PIECE = 64 * 1024
OPTIONS = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
if hasattr(socket, "TCP_NOTSENT_LOWAT"):
    OPTIONS.append((socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT))

# Called with the bytes of the body that are on their way so far.
Sent = Callable[[int], object]
Given, Done = TypeVar("Given"), TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Response:
    """The names of ``headers`` are in lower case; ``etag`` is without its quotes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def etag(self) -> str:
        return self.headers.get("etag", "").strip('"')


class Server:
    """The bucket's server, by its URL, and the way to it."""

    def __init__(self, access: Access) -> None:
        self.access = access
        url = urlsplit(access.url)
        self.tls = url.scheme == "https"
        self.host, self.port = url.hostname, url.port or (443 if self.tls else 80)
        self.path = url.path
        # As a client sends it: without the scheme's own port.
        default = url.port in (None, 443 if self.tls else 80)
        name = f"[{self.host}]" if ":" in self.host else self.host
        self.netloc = name if default else f"{name}:{self.port}"
        self.proxy = parse_url(access.proxies[url.scheme]) if access.proxies.get(url.scheme) else None
        authorization = make_headers(proxy_basic_auth=self.proxy.auth) if self.proxy and self.proxy.auth else {}
        self._authorization = {name.title(): value for name, value in authorization.items()}
        # Only what is not in a tunnel is told to the proxy with each request.
        self.to_proxy = self._authorization if self.proxy and not self.tls else {}
        self.target = f"{url.scheme}://{self.netloc}" if self.proxy and not self.tls else ""

    @cached_property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=get_cert_path(self.access.verify))

    def connect(self) -> socket.socket:
        """A connected socket, with TLS where the URL says so. Raises botocore's errors."""
        try:
            opening = self._opening()
        except OSError as error:
            # The file with the authorities is not there, or is none.
            raise SSLError(endpoint_url=self.access.url, error=error) from error
        try:
            opening.connect()
        except Exception as error:
            raise self._unconnected(error, bool(self.proxy) and not opening.has_connected_to_proxy) from error
        opening.sock.settimeout(STALL / LOOKS)
        return opening.sock

    def _opening(self) -> HTTPConnection:
        options = {"timeout": CONNECT, "socket_options": OPTIONS}
        host, port = self.host, self.port
        if self.proxy:
            host, port = self.proxy.host, self.proxy.port or (443 if self.proxy.scheme == "https" else 80)
            options["proxy"] = self.proxy
            options["proxy_config"] = ProxyConfig(self.context, False, None, None)
        if not self.tls and (not self.proxy or self.proxy.scheme != "https"):
            return HTTPConnection(host, port, **options)
        opening = HTTPSConnection(host, port, ssl_context=self.context, **options)
        if self.proxy and self.tls:
            opening.set_tunnel(self.host, self.port, self._authorization, self.proxy.scheme)
        return opening

    def _unconnected(self, error: Exception, before_proxy: bool) -> BotoCoreError:
        url = self.access.url
        tls = isinstance(error, ssl.SSLError | ssl.CertificateError | exceptions.SSLError)
        if before_proxy:
            error = exceptions.ProxyError("the proxy cannot be reached", error)
        if before_proxy or (self.proxy and not tls):
            return ProxyConnectionError(proxy_url=mask_proxy_url(self.proxy.url), error=error)
        if tls:
            return SSLError(endpoint_url=url, error=error)
        if isinstance(error, exceptions.NewConnectionError | socket.gaierror):
            return EndpointConnectionError(endpoint_url=url, error=error)
        if isinstance(error, exceptions.ConnectTimeoutError | TimeoutError):
            return ConnectTimeoutError(endpoint_url=url, error=error)
        if isinstance(error, OSError):
            return ConnectionClosedError(endpoint_url=url, request=None, error=error)
        return HTTPClientError(error=error)


class Connection:
    """One connection for one request after the other. Any error closes it; the next request opens it again."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._socket: socket.socket | None = None
        # What has come and is not read yet.
        self._buffer = b""

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    @property
    def has_heard(self) -> bool:
        """Whether the last exchange that failed had a part of an answer."""
        return bool(self._buffer)

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, sent: Sent | None = None
    ) -> Response:
        """Sends one request and reads its answer. Raises botocore's errors."""
        complete = {"User-Agent": "slipway", **headers, **self.server.to_proxy}
        if body or method in ("PUT", "POST"):
            complete["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in complete.items())
        head = f"{method} {self.server.target}{target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")
        url = self.server.access.url
        if self._socket is None:
            self._socket = self.server.connect()
        self._buffer = b""
        keep = False
        try:
            # A server may reject a request before it has read the body, and close: then it has answered.
            with suppress(BrokenPipeError, ConnectionResetError):
                self._send(head, body, sent)
            response = self._answer(method, STALL + len(body) / LEAST_RATE)
            keep = response.headers.get("connection", "").lower() != "close"
            return response
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except (OSError, ValueError) as error:
            raise ConnectionClosedError(endpoint_url=url, request=None, error=error) from error
        finally:
            if not keep:
                self.close()

    def close(self) -> None:
        if self._socket:
            with suppress(OSError):
                self._socket.close()
        self._socket = None

    def _send(self, head: bytes, body: bytes, sent: Sent | None) -> None:
        whole = memoryview(head + body if len(body) < UNSENT else head)
        for view, before in ((whole, len(head)), (memoryview(body)[len(whole) - len(head) :], 0)):
            taken = 0
            while taken < len(view):
                taken += self._patiently(STALL, self._socket.send, view[taken:])
                if sent:
                    sent(max(0, taken - before))

    def _answer(self, method: str, patience: float) -> Response:
        """The response to a request whose bytes are all sent; one of 1xx comes before it."""
        while True:
            while (end := self._buffer.find(b"\r\n\r\n")) < 0:
                if len(self._buffer) > LARGEST_HEAD:
                    raise ValueError("no HTTP")
                self._buffer += self._receive(patience)
            first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
            status = int(first.split(" ", 2)[1]) if first.startswith("HTTP/1.") else 0
            if not status:
                raise ValueError("no HTTP")
            self._buffer = self._buffer[end + 4 :]
            if status >= 200:
                break
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if first.startswith("HTTP/1.0"):
            headers.setdefault("connection", "close")
        if method == "HEAD" or status in (204, 304):
            return Response(status, headers, b"")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return Response(status, headers, self._chunks())
        if "content-length" in headers:
            return Response(status, headers, self._exactly(int(headers["content-length"])))
        return Response(status, {**headers, "connection": "close"}, self._rest())

    def _chunks(self) -> bytes:
        """https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding"""
        body = b""
        while size := int(self._line().partition(b";")[0], 16):
            body += self._exactly(size)
            self._line()
        while self._line():
            pass
        return body

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._buffer += self._receive(STALL)
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._receive(STALL)
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _rest(self) -> bytes:
        while piece := self._patiently(STALL, self._socket.recv, PIECE):
            self._buffer += piece
        return self._buffer

    def _receive(self, patience: float) -> bytes:
        piece = self._patiently(patience, self._socket.recv, PIECE)
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        return piece

    def _patiently(self, patience: float, step: Callable[[Given], Done], given: Given) -> Done:
        """``step(given)``. Raises TimeoutError once no byte was acknowledged for ``patience`` seconds."""
        waited, left = 0.0, 0
        while True:
            try:
                return step(given)
            except TimeoutError:
                before, left = left, self._unacknowledged()
                waited = 0.0 if left < before else waited + STALL / LOOKS
                if waited >= patience:
                    raise

    def _unacknowledged(self) -> int:
        """The bytes in the kernel that the other side has not acknowledged; 0 where the system does not say."""
        with suppress(OSError):
            return struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
        return 0
