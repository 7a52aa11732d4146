"""Limits of an upload, and the lifetime of what is published.

The bucket enforces type and size, the web process the rest.
"""

from django.conf import settings

from slipway.web.static_objects import IMMUTABLE

# Formats that the web process can check without decoding, and that every browser shows.
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}

# Widths in pixels of a photo's variants: a phone, a high-density phone or a column, a desktop.
WIDTHS = (480, 960, 1600)
MAX_WIDTH_DIGITS = 5
ORIGINAL = "original"

MEGABYTE = 1_000_000
VARIANT_BYTES = 4 * MEGABYTE
# The bound above which Pillow warns of a decompression bomb; a decoded pixel takes 3 or 4 bytes.
MAX_PIXELS = 89_478_485
# WebP's own limit (14 bits).
MAX_SIDE = 16_383

FORM_SECONDS = 300
# The lifecycle rule, and `clear_incoming` where there is none, remove incoming objects after a day.
INCOMING_SECONDS = 24 * 3600
TICKET_SECONDS = 12 * 3600


def original_bytes() -> int:
    """The most bytes that an original may have; ``SLIPWAY_IMAGE_MAX_BYTES`` changes it."""
    return getattr(settings, "SLIPWAY_IMAGE_MAX_BYTES", 25 * MEGABYTE)


def uploads_per_hour() -> int:
    """How many uploads one user may begin in an hour; ``SLIPWAY_UPLOADS_PER_HOUR`` changes it."""
    return getattr(settings, "SLIPWAY_UPLOADS_PER_HOUR", 120)


def cache_control() -> str:
    """The header of a published object.

    A browser keeps it: its name never gets another content. A CDN asks the bucket again each minute: a deleted object
    is gone from there too, though the web process may not purge. ``SLIPWAY_MEDIA_CDN_SECONDS`` changes that.
    """
    return f"s-maxage={getattr(settings, 'SLIPWAY_MEDIA_CDN_SECONDS', 60)}, {IMMUTABLE}"


def byte_limit(name: str) -> int:
    """The most bytes that the file ``name`` of an upload may have."""
    return original_bytes() if name == ORIGINAL else VARIANT_BYTES


def megabytes(count: int) -> str:
    """``count`` bytes for a message: "1.5 MB"."""
    return f"{count / MEGABYTE:.1f}".removesuffix(".0") + " MB"
