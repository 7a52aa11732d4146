"""What a place for uploads does, a bucket as well as a folder, and what it gives."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a browser sends an object with: by POST the fields that stand before the file, by PUT the headers."""

    url: str
    fields: dict[str, str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of an object; ``size`` is that of the whole, ``etag`` names its present content."""

    body: bytes
    size: int
    etag: str


class Media(Protocol):
    """Where uploads come in, are read and published. Every key is a whole bucket key.

    All but ``url`` raise Refused, with a sentence for the page, when the store does not answer or
    refuses.
    """

    def sign(self, key: str, content_type: str, limit: int, size: int = 0) -> UploadForm:
        """A form that uploads one object of exactly this key and type, of 1 to ``limit`` bytes, for five minutes.

        Where the store takes no form, what is signed is a PUT of exactly ``size`` bytes; Refused beyond the limit.
        """

    def read_range(self, key: str, start: int, stop: int) -> Part:
        """The bytes from ``start`` up to ``stop`` or the object's end; Refused when there is no such object."""

    def publish(self, source: str, etag: str, target: str, content_type: str) -> None:
        """Copies the content that ``etag`` names to where the media host serves it; the source stays."""

    def store(self, key: str, body: bytes, content_type: str) -> None:
        """Puts an object of our own making where the media host serves it."""

    def delete(self, keys: list[str]) -> None:
        """Removes published objects."""

    def url(self, key: str) -> str:
        """The address of a published object; asks nobody."""
