"""Decodes content codings up to a limit: a kilobyte on the wire may be a gigabyte decoded."""

import zlib

import brotli

# Bytes of one body, encoded and decoded. No file of a page has as many; a video is read up to here.
MAX_BYTES = 32_000_000
# Of one page: the parser takes seconds and 200 MB for it, and all pages are kept.
MAX_PAGE = 2_000_000
MAX_CODINGS = 3
_GZIP = 16 + zlib.MAX_WBITS


def undo(body: bytes, codings: str, *, whole: bool = True) -> bytes:
    """The body without its Content-Encoding; ValueError if the label is wrong or the body is beyond the limit.

    ``whole``: whether the body has its end; without it, that which is there is decoded.
    """
    named = [coding for part in codings.split(",") if (coding := part.strip())]
    if len(named) > MAX_CODINGS:
        raise ValueError(f"labelled as encoded {len(named)} times")
    for coding in reversed(named):
        body = decode(body, coding, whole=whole)
    return body


def decode(body: bytes, coding: str, *, whole: bool = True) -> bytes:
    """Decodes one content coding; ValueError if that is impossible."""
    if coding == "identity":
        return body
    try:
        if coding in ("gzip", "x-gzip"):
            decoded, complete = _inflate(body, _GZIP)
        elif coding == "deflate":
            decoded, complete = _inflate(body, zlib.MAX_WBITS)
        elif coding == "br":
            decoded, complete = _unbrotli(body)
        else:
            raise ValueError(f"unknown content coding {coding!r}")
    except (zlib.error, brotli.error) as error:
        raise ValueError(f"not {coding}: {error}") from error
    if len(decoded) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES // 1_000_000} MB once decoded, of {len(body):,} bytes sent")
    if whole and not complete:
        raise ValueError(f"not {coding}: its end is missing")
    return decoded


def _inflate(body: bytes, bits: int) -> tuple[bytes, bool]:
    stream = zlib.decompressobj(bits)
    return stream.decompress(body, MAX_BYTES + 1), stream.eof


def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    stream = brotli.Decompressor()
    decoded = [stream.process(body, output_buffer_limit=MAX_BYTES)]
    while decoded[-1] and not stream.is_finished() and sum(map(len, decoded)) <= MAX_BYTES:
        decoded.append(stream.process(b"", output_buffer_limit=MAX_BYTES))
    return b"".join(decoded), stream.is_finished()
