"""The origin of a URL, as a browser compares it: scheme, host and port."""

from urllib.parse import urljoin

from yarl import URL


def same(one: str, other: str) -> bool:
    """Whether both have the same origin; False for URLs without one (``mailto:``, ``javascript:``)."""
    return bool(_parts(one)) and _parts(one) == _parts(other)


def name(url: str) -> str:
    """``https://www.example.com``, the port where it is not the scheme's own; the scheme where there is no host."""
    found = _parts(url)
    if not found:
        return f"{url.partition(':')[0]}:" if ":" in url else "no host"
    scheme, host, port = found
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + ("" if port == _PORTS[scheme] else f":{port}")


def resolve(base: str, written: str) -> str:
    """The URL that a browser requests for ``written``, an attribute or a Location: a backslash counts as a slash."""
    path, mark, query = written.strip().partition("?")
    try:
        return urljoin(base, path.replace("\\", "/") + mark + query)
    except ValueError:
        return written


_PORTS = {"http": 80, "https": 443}


def _parts(url: str) -> tuple[str, str, int] | None:
    try:
        # Parsed as by the client, so that the compared URL is the requested one.
        parts = URL(url, encoded=True)
        scheme, host, port = parts.scheme, parts.raw_host, parts.port
    except ValueError:
        return None
    return (scheme, host.lower(), port) if scheme in _PORTS and host and port else None
