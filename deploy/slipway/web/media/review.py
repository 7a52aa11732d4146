"""Checks an upload by the first and last bytes of its files, then publishes it."""

from dataclasses import dataclass, field

from slipway.web.media import header
from slipway.web.media.backends import media
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.header import Header, Incomplete
from slipway.web.media.image import UploadedImage, Variant, trust
from slipway.web.media.limits import (
    MAX_PIXELS,
    MAX_SIDE,
    ORIGINAL,
    READ_BYTES,
    byte_limit,
    megabytes,
)
from slipway.web.media.naming import new_folder, public_key
from slipway.web.media.ticket import Ticket

# Nearly every header ends within the first bytes; the rest is read only when it does not.
FIRST_BYTES = 16 * 1024
LAST_BYTES = 16

DEEP = "The photo's dimensions come after more than 256 KB of other data. Save it again in a photo editor, then add it."
CUT = "The photo is cut off or damaged: its end is missing. Choose it again."
FOREIGN = "The smaller versions are not of this photo. Choose it again."


@dataclass(frozen=True, slots=True)
class Checked:
    """An incoming file that passed the checks; ``etag`` identifies the content that was checked."""

    name: str
    key: str
    etag: str
    header: Header


@dataclass(frozen=True, slots=True)
class PendingImage:
    """An upload that passed the checks and is not public yet; ``replaced`` is the image that it replaces."""

    original: Checked
    variants: tuple[Checked, ...]
    replaced: UploadedImage | None = field(default=None)

    def publish(self) -> UploadedImage:
        """Copies all files inside the bucket to the media host's prefix. On an UploadError none stays there."""
        folder = new_folder()
        store, done = media(), []
        try:
            for each in (self.original, *self.variants):
                target = public_key(folder, each.name, each.header.content_type)
                store.publish(each.key, each.etag, target, each.header.content_type)
                done.append(target)
        except UploadError:
            store.delete(done)
            raise
        variants = tuple(
            Variant(key, each.header.width, each.header.height)
            for key, each in zip(done[1:], self.variants, strict=True)
        )
        return trust(UploadedImage(done[0], self.original.header.width, self.original.header.height, variants))


def check(ticket: Ticket) -> PendingImage:
    """Checks every file of the upload. Raises UploadError with what is wrong."""
    original = _check_file(ticket, ORIGINAL)
    _check_dimensions(original.header)
    names = sorted((name for name in ticket.types if name != ORIGINAL), key=int)
    variants = tuple(_check_file(ticket, name) for name in names)
    for each in variants:
        if not _is_variant(each, original.header):
            raise UploadError(FOREIGN)
    return PendingImage(original, variants)


def _check_file(ticket: Ticket, name: str) -> Checked:
    key, limit = ticket.key(name), byte_limit(name)
    first = media().read_range(key, 0, FIRST_BYTES)

    def read(start: int, stop: int) -> bytes:
        part = media().read_range(key, start, stop)
        if part.etag != first.etag:
            raise UploadError(GONE)
        return part.body

    if first.size > limit:
        raise UploadError(f"The photo has {megabytes(first.size)}; at most {megabytes(limit)} are allowed.")
    head = first.body
    try:
        found = header.read(head)
    except Incomplete:
        # The last bytes must still fit into the limit.
        stop = min(first.size, READ_BYTES - LAST_BYTES)
        if stop > len(head):
            head += read(len(head), stop)
        found = _read_all(head, first.size)
    if found.content_type != ticket.types[name]:
        raise UploadError("The file is not of the type that its name has. Choose the photo again, or another one.")
    # Small files were read to their end already.
    tail = head if first.size <= len(head) else read(first.size - LAST_BYTES, first.size)
    if not header.is_complete(found.content_type, first.size, head, tail):
        raise UploadError(CUT)
    return Checked(name, key, first.etag, found)


def _read_all(head: bytes, size: int) -> Header:
    try:
        return header.read(head)
    except Incomplete:
        raise UploadError(DEEP if size > len(head) else CUT) from None


def _check_dimensions(image: Header) -> None:
    if max(image.width, image.height) > MAX_SIDE or image.width * image.height > MAX_PIXELS:
        raise UploadError(
            f"The photo has {image.width} by {image.height} pixels; "
            f"at most {MAX_PIXELS // 1_000_000} million, and {MAX_SIDE} on a side, are allowed."
        )


def _is_variant(variant: Checked, original: Header) -> bool:
    """Whether the width is the announced one and at most the original's, and the height fits within a pixel."""
    width, height = variant.header.width, variant.header.height
    fits = abs(height - width * original.height / original.width) <= 1
    return str(width) == variant.name and width <= original.width and fits
