"""Optimises the project's own images without changing a pixel.

PNG with oxipng, JPEG with mozjpeg's recompression. SVG is not optimised: the optimisers on PyPI
round coordinates and drop ids that a page may use, and the CDN compresses it anyway.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from slipway.tool.assets.collect import Naming, Source

# Removed from PNG files; every other chunk may change how the picture looks.
TEXT_CHUNKS = [b"tEXt", b"zTXt", b"iTXt", b"tIME"]
# A smaller file is one packet anyway; it takes as long to optimise as one of ten times its size.
SMALLEST = 1400  # bytes


def optimise(sources: Iterable[Source], cache: Path) -> None:
    """Replaces the bodies of the project's PNG and JPEG files by smaller ones where possible.

    Results are cached below ``cache`` by the hash of the original and the optimiser's version. Where an optimiser has
    no wheel for this Python, its images are pushed as they are, with a message.
    """
    # The hash in a kept name is that of the bytes as they are.
    # A picture that is mapped has another type's extension, and is large: it stays.
    sources = [source for source in sources if len(source.body) >= SMALLEST and isinstance(source.body, bytes)]
    ours = [source for source in sources if source.own and source.naming is not Naming.KEPT and _optimiser(source)]
    for package in sorted({_optimiser(source)[0] for source in ours}):
        if not _is_installed(package):
            left = [source for source in ours if _optimiser(source)[0] != package]
            print(f"  {package} has no wheel for this Python: {len(ours) - len(left)} images stay as large as they are")
            ours = left
    with ThreadPoolExecutor() as pool:
        for source, body in zip(ours, pool.map(lambda each: _cached(each, cache), ours), strict=True):
            source.body = body


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _cached(source: Source, cache: Path) -> bytes:
    package, optimiser = _optimiser(source)
    digest = hashlib.sha256(f"{package} {version(package)} ".encode() + source.body).hexdigest()
    path = cache / digest[:2] / digest
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    body = min(source.body, optimiser(source.body), key=len)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{id(source)}")
    part.write_bytes(body)
    part.replace(path)
    return body


def _optimiser(source: Source) -> tuple[str, Callable[[bytes], bytes]] | None:
    # Checks the content, since a file may have a wrong extension.
    if source.body[:8] == b"\x89PNG\r\n\x1a\n":
        return "pyoxipng", _png
    if source.body[:3] == b"\xff\xd8\xff":
        return "mozjpeg-lossless-optimization", _jpeg
    return None


def _png(body: bytes) -> bytes:
    import oxipng

    try:
        return oxipng.optimize_from_memory(body, level=2, strip=oxipng.StripChunks.strip(TEXT_CHUNKS))
    except oxipng.PngError:
        return body


def _jpeg(body: bytes) -> bytes:
    import mozjpeg_lossless_optimization as mozjpeg

    try:
        # Keep its markers: the colour profile and the orientation are part of the picture.
        return mozjpeg.optimize(body, mozjpeg.COPY_MARKERS.ALL)
    except ValueError:
        return body
