"""Checks an upload's files from their first byte to their last, then publishes it."""

from dataclasses import dataclass, field

from slipway.web.media import header
from slipway.web.media.backends import media
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.header import Header
from slipway.web.media.image import UploadedImage, Variant, trust
from slipway.web.media.limits import (
    MAX_PIXELS,
    MAX_SIDE,
    ORIGINAL,
    byte_limit,
    megabytes,
)
from slipway.web.media.naming import new_folder, public_key
from slipway.web.media.object_bytes import WINDOW, ObjectBytes
from slipway.web.media.ticket import Ticket

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
    first = media().read_range(key, 0, WINDOW)

    def read(start: int, stop: int) -> bytes:
        part = media().read_range(key, start, stop)
        if part.etag != first.etag:
            raise UploadError(GONE)
        return part.body

    if first.size > limit:
        raise UploadError(f"The photo has {megabytes(first.size)}; at most {megabytes(limit)} are allowed.")
    found = header.read(ObjectBytes(first.size, read, first.body))
    if found.content_type != ticket.types[name]:
        raise UploadError("The file is not of the type that its name has. Choose the photo again, or another one.")
    return Checked(name, key, first.etag, found)


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
