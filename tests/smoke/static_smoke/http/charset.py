"""Text from bytes as browsers decode it: https://encoding.spec.whatwg.org/#decode, and HTML's and CSS's own labels."""

import re

import webencodings

_LABELS = (
    re.compile(rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE),
    re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w:.-]+)"""),
    re.compile(rb'@charset "([\w:.-]+)";'),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w:.-]+)""", re.IGNORECASE)
# A label within the text must be near its start.
_NEAR = 1024


def text(body: bytes, content_type: str) -> str:
    """By its byte order mark, else its Content-Type, else its own label, else UTF-8, else Windows-1252."""
    sent = _CHARSET.search(content_type)
    encoding = webencodings.lookup(sent[1]) if sent else None
    encoding = encoding or _own_label(body[:_NEAR])
    if encoding is None:
        encoding = webencodings.UTF8 if _is_utf8(body) else webencodings.lookup("windows-1252")
    return webencodings.decode(body, encoding, "replace")[0]


def _own_label(start: bytes) -> webencodings.Encoding | None:
    for label in _LABELS:
        match = label.search(start) if label is _LABELS[0] else label.match(start)
        encoding = webencodings.lookup(match[1].decode("ascii")) if match else None
        if encoding:
            # Text whose label can be read byte by byte is not UTF-16.
            return webencodings.UTF8 if encoding.name.startswith("utf-16") else encoding
    return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
