"""Checks an upload by the first and last bytes of its files, then publishes it."""

from dataclasses import dataclass, field

from slipway.web.media import header
from slipway.web.media.backends import media
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
from slipway.web.media.refusal import GONE, Refused
from slipway.web.media.ticket import Ticket

# Nearly every header ends within the first bytes; the rest is read only when it does not.
FIRST_BYTES = 16 * 1024
LAST_BYTES = 16

DEEP = (
    "The photo's dimensions stand behind more than 256 KB of other data. Save it anew in a photo program, then add it."
)
CUT = "The photo is cut off or damaged: its end is missing. Choose it again."
FOREIGN = "The smaller versions are not of this photo. Choose it again."


@dataclass(frozen=True, slots=True)
class Checked:
    """An incoming file that was found good; ``etag`` names the content that was looked at."""

    name: str
    key: str
    etag: str
    header: Header


@dataclass(frozen=True, slots=True)
class PendingImage:
    """An upload that was found good and is not public yet; ``replaced`` is the image in whose place it comes."""

    original: Checked
    variants: tuple[Checked, ...]
    replaced: UploadedImage | None = field(default=None)

    def publish(self) -> UploadedImage:
        """Copies all files inside the bucket to the media host's prefix; Refused leaves none there."""
        folder = new_folder()
        store, done = media(), []
        try:
            for each in (self.original, *self.variants):
                target = public_key(folder, each.name, each.header.content_type)
                store.publish(each.key, each.etag, target, each.header.content_type)
                done.append(target)
        except Refused:
            store.delete(done)
            raise
        variants = tuple(
            Variant(key, each.header.width, each.header.height)
            for key, each in zip(done[1:], self.variants, strict=True)
        )
        return trust(UploadedImage(done[0], self.original.header.width, self.original.header.height, variants))


def check(ticket: Ticket) -> PendingImage:
    """Looks at every file of the upload. Raises Refused with what is wrong with it."""
    original = _look(ticket, ORIGINAL)
    _bound(original.header)
    names = sorted((name for name in ticket.types if name != ORIGINAL), key=int)
    variants = tuple(_look(ticket, name) for name in names)
    for each in variants:
        if not _is_variant(each, original.header):
            raise Refused(FOREIGN)
    return PendingImage(original, variants)


def _look(ticket: Ticket, name: str) -> Checked:
    key, limit = ticket.key(name), byte_limit(name)
    first = media().read_range(key, 0, FIRST_BYTES)

    def read(start: int, stop: int) -> bytes:
        part = media().read_range(key, start, stop)
        if part.etag != first.etag:
            raise Refused(GONE)
        return part.body

    if first.size > limit:
        raise Refused(f"The photo has {megabytes(first.size)}; at most {megabytes(limit)} are taken.")
    head = first.body
    try:
        found = header.read(head)
    except Incomplete:
        # The last bytes must still fit into the bound.
        stop = min(first.size, READ_BYTES - LAST_BYTES)
        if stop > len(head):
            head += read(len(head), stop)
        found = _read_all(head, first.size)
    if found.content_type != ticket.types[name]:
        raise Refused("The file is not of the type that its name says. Choose the photo again, or another one.")
    # Small files were read to their end already.
    tail = head if first.size <= len(head) else read(first.size - LAST_BYTES, first.size)
    if not header.is_complete(found.content_type, first.size, head, tail):
        raise Refused(CUT)
    return Checked(name, key, first.etag, found)


def _read_all(head: bytes, size: int) -> Header:
    try:
        return header.read(head)
    except Incomplete:
        raise Refused(DEEP if size > len(head) else CUT) from None


def _bound(found: Header) -> None:
    if max(found.width, found.height) > MAX_SIDE or found.width * found.height > MAX_PIXELS:
        raise Refused(
            f"The photo has {found.width} by {found.height} pixels; "
            f"at most {MAX_PIXELS // 1_000_000} million, and {MAX_SIDE} on a side, are taken."
        )


def _is_variant(variant: Checked, original: Header) -> bool:
    """Whether the width is the announced one, not above the original's, and the height fits within a pixel."""
    width, height = variant.header.width, variant.header.height
    fits = abs(height - width * original.height / original.width) <= 1
    return str(width) == variant.name and width <= original.width and fits
