"""Undoes content codings within a bound: a kilobyte on the wire may say a gigabyte."""

import zlib

import brotli

# Bytes of one body, as it comes and decoded. Nothing that a page loads has as many; a video is not read further.
MOST = 32_000_000
MOST_CODINGS = 3
_GZIP = 16 + zlib.MAX_WBITS


def undo(body: bytes, codings: str) -> bytes:
    """The body without its Content-Encoding; ValueError if the label lies or the body is beyond the bound."""
    named = [coding for part in codings.split(",") if (coding := part.strip())]
    if len(named) > MOST_CODINGS:
        raise ValueError(f"said to be encoded {len(named)} times")
    for coding in reversed(named):
        body = decode(body, coding)
    return body


def decode(body: bytes, coding: str) -> bytes:
    """Undoes one content coding; ValueError if it cannot be undone."""
    if coding == "identity":
        return body
    try:
        if coding in ("gzip", "x-gzip"):
            decoded, whole = _inflate(body, _GZIP)
        elif coding == "deflate":
            decoded, whole = _inflate(body, zlib.MAX_WBITS)
        elif coding == "br":
            decoded, whole = _unbrotli(body)
        else:
            raise ValueError(f"unknown content coding {coding!r}")
    except (zlib.error, brotli.error) as error:
        raise ValueError(f"not {coding}: {error}") from error
    if len(decoded) > MOST:
        raise ValueError(f"more than {MOST // 1_000_000} MB once decoded, of {len(body):,} bytes sent")
    if not whole:
        raise ValueError(f"not {coding}: its end is missing")
    return decoded


def _inflate(body: bytes, bits: int) -> tuple[bytes, bool]:
    stream = zlib.decompressobj(bits)
    return stream.decompress(body, MOST + 1), stream.eof


def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    stream = brotli.Decompressor()
    decoded = [stream.process(body, output_buffer_limit=MOST)]
    while decoded[-1] and not stream.is_finished() and sum(map(len, decoded)) <= MOST:
        decoded.append(stream.process(b"", output_buffer_limit=MOST))
    return b"".join(decoded), stream.is_finished()
