"""The URL that a browser requests for one that is written: https://url.spec.whatwg.org/#url-parsing, for http(s)."""

import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from yarl import URL

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ENDS = "".join(map(chr, range(0x21)))
_LINE_BREAKS = dict.fromkeys(map(ord, "\t\r\n"))
_SAFE = "%/:@!$&'()*+,;=~[]|\\^"
_PORTS = {"http": 80, "https": 443}
# CloudFront's, S3's of both versions, Google's, Azure's and Bunny's.
_SIGNATURES = {"Signature", "X-Amz-Signature", "X-Goog-Signature", "sig", "token"}
_DOT = re.compile(r"\.|%2e", re.IGNORECASE)
_DOTS = re.compile(r"(\.|%2e){2}", re.IGNORECASE)


def resolve(base: str, written: str) -> str | None:
    """``written`` as a browser would request it, without its fragment and user; None if it requests nothing."""
    text = written.strip(_ENDS).translate(_LINE_BREAKS).partition("#")[0]
    home = urlsplit(base)
    named = _SCHEME.match(text)
    scheme = named[1].lower() if named else home.scheme
    if not text or scheme not in _PORTS:
        return None
    path, mark, query = text[named.end() if named else 0 :].partition("?")
    path = path.replace("\\", "/")
    if path.startswith("//") or (named and scheme != home.scheme):
        authority, _, path = path.lstrip("/").partition("/")
        path = f"/{path}"
    else:
        authority = home.netloc
        if not path:
            path, query = home.path, query if mark else home.query
        elif not path.startswith("/"):
            path = home.path.rpartition("/")[0] + f"/{path}"
    netloc = _netloc(scheme, authority)
    if netloc is None:
        return None
    query = f"?{quote(query, safe=_SAFE + '?`{}')}" if query else ""
    return f"{scheme}://{netloc}{quote(_without_dots(path), safe=_SAFE)}{query}"


def unsigned(url: str) -> str:
    """The URL of the object, without the signature that makes it another URL each time."""
    parts = urlsplit(url)
    names = {part.partition("=")[0] for part in parts.query.split("&")}
    return parts._replace(query="").geturl() if names & _SIGNATURES else url


def served_path(url: str) -> str:
    """The URL's path as servers compare it with a folder: decoded, with single slashes."""
    return re.sub(r"/{2,}", "/", unquote(urlsplit(url).path))


@lru_cache(1000)
def _netloc(scheme: str, authority: str) -> str | None:
    """Host and port, in ASCII and lower case, without the scheme's own port; None if there is no such host."""
    address = unquote(authority.rpartition("@")[2])
    if not address or re.search(r"[\s<>^|%\\]", address):
        return None
    try:
        parts = URL(f"{scheme}://{address}/")
        host, port = parts.raw_host, parts.port
    except ValueError:
        return None
    if not host:
        return None
    host = f"[{host}]" if ":" in host else host.lower()
    return host if port in (None, _PORTS[scheme]) else f"{host}:{port}"


def _without_dots(path: str) -> str:
    kept: list[str] = []
    *folders, last = path.split("/")[1:]
    for part in folders:
        if _DOTS.fullmatch(part):
            del kept[-1:]
        elif not _DOT.fullmatch(part):
            kept.append(part)
    if _DOTS.fullmatch(last):
        del kept[-1:]
        last = ""
    return "/".join(["", *kept, "" if _DOT.fullmatch(last) else last])
