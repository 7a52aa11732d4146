"""Requests a page of the site, over a Gunicorn socket or through nginx."""

import http.client
import json
import os
import signal
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.paths import settings

SECONDS = 30
PAGE = "/"


class _Socket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        # The release owns the folder: a symlink in it could point to a socket that only root may use.
        descriptor = os.open(self._path, os.O_PATH | os.O_NOFOLLOW)
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                raise ConnectionRefusedError(f"{self._path} is no socket")
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(SECONDS)
            self.sock.connect(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)


class _Nginx(http.client.HTTPConnection):
    """nginx on this host by the site's name, whatever the name resolves to and whoever signed the certificate."""

    def __init__(self, host: str, tls: bool, seconds: float) -> None:
        super().__init__("127.0.0.1", 443 if tls else 80, timeout=seconds)
        self._name, self._tls = host, tls

    def connect(self) -> None:
        super().connect()
        if self._tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock, server_hostname=self._name)


def gunicorn(path: Path, page: str) -> tuple[int, str]:
    """Status and the beginning of the body; raises OSError without an answer within ``SECONDS`` in all."""
    return _get(_Socket(path), page, SECONDS)


def nginx(page: str, seconds: float = SECONDS) -> tuple[int, str]:
    """The same through nginx."""
    data = settings()
    return _get(_Nginx(data["site_host"], data["tls"], seconds), page, seconds)


def page(ask: Callable[[str], tuple[int, str]]) -> tuple[str, int]:
    """The page that shows whether the site works, and its status: the front page, or the first of site.yml's `paths`
    where there is none."""
    status, other = ask(PAGE)[0], settings().get("page", "")
    return (other, ask(other)[0]) if status == 404 and other else (PAGE, status)


def _get(connection: http.client.HTTPConnection, page: str, seconds: float) -> tuple[int, str]:
    headers = {"Host": settings()["site_host"], "X-Forwarded-Proto": "https", "User-Agent": "slipway-health"}
    try:
        with _at_most(seconds):
            connection.request("GET", page, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(500).decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer: {type(error).__name__}") from None
    finally:
        connection.close()


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raises TimeoutError inside after ``seconds`` in all; a socket's own timeout begins anew with each byte."""

    def over(*_: object) -> None:
        raise TimeoutError("timed out")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fault(status: int, body: str) -> str:
    """Why a ready check failed, in a few words; "" when it passed."""
    if status == 200:
        return ""
    try:
        reason = ", ".join(f"{name}: {value}" for name, value in json.loads(body).items())
    except (ValueError, AttributeError):
        reason = ""
    return f"answers {status}{f' ({reason})' if reason else ''}"
