"""Checks that the front page answers, before the proof: with a service missing each page is a 500."""

from http.client import HTTPConnection
from pathlib import Path

from slipway.web.errors import SlipwayError

TRACEBACK = "Traceback (most recent call last):"


def require(port: int, authority: str, log: Path) -> None:
    """Raises SlipwayError with the exception in Gunicorn's ``log`` when / answers 500 or above."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/", headers={"Host": authority})
    status = connection.getresponse().status
    connection.close()
    if status >= 500:
        why = _exception(log.read_text(errors="replace").splitlines()) or "the project's logging does not say why"
        raise SlipwayError(f"http://{authority}/ is a {status}: {why}; all of it: {log}")


def _exception(lines: list[str]) -> str:
    """The last line of the last traceback; "" where there is none."""
    if TRACEBACK not in lines:
        return ""
    last = len(lines) - 1 - lines[::-1].index(TRACEBACK)
    return next((line for line in lines[last + 1 :] if line and not line.startswith(" ")), "")
