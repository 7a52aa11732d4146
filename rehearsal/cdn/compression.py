"""Compression at the edge, by CloudFront's rules.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

import gzip

import brotli

from rehearsal.cdn.cache import Entry

SMALLEST, LARGEST = 1_000, 10_000_000  # bytes
CONTENT_TYPES = frozenset(
    {
        "application/dash+xml",
        "application/eot",
        "application/font",
        "application/font-sfnt",
        "application/javascript",
        "application/json",
        "application/opentype",
        "application/otf",
        "application/pdf",
        "application/pkcs7-mime",
        "application/protobuf",
        "application/rss+xml",
        "application/truetype",
        "application/ttf",
        "application/vnd.apple.mpegurl",
        "application/vnd.mapbox-vector-tile",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/xhtml+xml",
        "application/xml",
        "application/x-font-opentype",
        "application/x-font-truetype",
        "application/x-font-ttf",
        "application/x-httpd-cgi",
        "application/x-javascript",
        "application/x-mpegurl",
        "application/x-opentype",
        "application/x-otf",
        "application/x-perl",
        "application/x-ttf",
        "font/eot",
        "font/opentype",
        "font/otf",
        "font/ttf",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/js",
        "text/plain",
        "text/richtext",
        "text/tab-separated-values",
        "text/xml",
        "text/x-component",
        "text/x-java-source",
        "text/x-script",
        "vnd.apple.mpegurl",
    }
)


def compressible(entry: Entry) -> bool:
    """Whether CloudFront would compress this answer of the origin for a viewer who asks for it."""
    content_type = entry.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    length = entry.headers.get("Content-Length", "")
    return (
        entry.status in {200, 403, 404}
        and content_type in CONTENT_TYPES
        and "Content-Encoding" not in entry.headers
        and length.isdigit()
        and SMALLEST <= int(length) <= LARGEST
    )


def compress(entry: Entry, encodings: str) -> None:
    """Compress the body in place for a viewer with the normalised ``encodings``: br before gzip.

    Levels are about what an edge spends on the fly: brotli 5, gzip 6.
    """
    entry.headers["Vary"] = _with_accept_encoding(entry.headers.get("Vary", ""))
    if not encodings:
        return
    if "br" in encodings.split(","):
        entry.body = brotli.compress(entry.body, quality=5)
        entry.headers["Content-Encoding"] = "br"
    else:
        entry.body = gzip.compress(entry.body, compresslevel=6, mtime=0)
        entry.headers["Content-Encoding"] = "gzip"
    entry.headers["Content-Length"] = str(len(entry.body))
    etag = entry.headers.get("ETag", "")
    if etag.startswith('"'):
        entry.headers["ETag"] = f"W/{etag}"
    elif not etag.startswith('W/"'):
        entry.headers.pop("ETag", None)


def _with_accept_encoding(vary: str) -> str:
    names = [name.strip() for name in vary.split(",") if name.strip()]
    if "accept-encoding" not in {name.lower() for name in names}:
        names.append("Accept-Encoding")
    return ", ".join(names)
