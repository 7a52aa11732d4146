"""The URLs in a stream's playlist: HLS (RFC 8216) and DASH (ISO/IEC 23009-1)."""

import html
import re
from collections.abc import Iterator

_HLS_URI = re.compile(r'\bURI="([^"]*)"')
_DASH = re.compile(
    r"<BaseURL[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)"
    r"""|\b(?:media|initialization|index|bitstreamSwitching|sourceURL|xlink:href|indexURL)=["']([^"']+)["']"""
)


def urls(text: str) -> Iterator[str]:
    """Every URL, as written; one with a variable (``$Number$``) up to it."""
    if text.lstrip("\ufeff \t\r\n").startswith("#EXTM3U"):
        for line in map(str.strip, text.splitlines()):
            if line.startswith("#"):
                yield from _HLS_URI.findall(line)
            elif line:
                yield line
        return
    for match in _DASH.finditer(text):
        yield html.unescape(match[1] or match[2]).strip().partition("$")[0]
