"""Whose a URL is to a browser: its scheme, host and port, all three."""

from urllib.parse import urljoin

from yarl import URL


def same(one: str, other: str) -> bool:
    """Whether both are of one origin; False for what has none (``mailto:``, ``javascript:``)."""
    return bool(_parts(one)) and _parts(one) == _parts(other)


def name(url: str) -> str:
    """``https://www.example.com``, the port where it is not the scheme's own; the scheme where there is no host."""
    found = _parts(url)
    if not found:
        return f"{url.partition(':')[0]}:" if ":" in url else "no host"
    scheme, host, port = found
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + ("" if port == _PORTS[scheme] else f":{port}")


def led_to(base: str, written: str) -> str:
    """Where a browser goes for ``written``, an attribute or a Location: to it a backslash is a slash."""
    path, mark, query = written.strip().partition("?")
    try:
        return urljoin(base, path.replace("\\", "/") + mark + query)
    except ValueError:
        return written


_PORTS = {"http": 80, "https": 443}


def _parts(url: str) -> tuple[str, str, int] | None:
    try:
        # As the client reads it: what is compared is what will be asked.
        parts = URL(url, encoded=True)
        scheme, host, port = parts.scheme, parts.raw_host, parts.port
    except ValueError:
        return None
    return (scheme, host.lower(), port) if scheme in _PORTS and host and port else None
