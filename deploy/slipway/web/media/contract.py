"""The interface that both stores for uploads implement, the bucket and the folder."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UploadForm:
    """How a browser uploads one object. ``fields``: a POST form's fields before the file, or a PUT's headers."""

    url: str
    fields: dict[str, str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of an object; ``size`` is that of the whole, ``etag`` identifies its current content."""

    body: bytes
    size: int
    etag: str


class Media(Protocol):
    """Receives, reads and publishes uploads. Every key is a whole bucket key.

    All but ``url`` raise UploadError, with a sentence for the page, when the store does not answer or
    rejects the request.
    """

    def sign(self, key: str, content_type: str, limit: int, size: int = 0) -> UploadForm:
        """A form that uploads one object of exactly this key and type, of 1 to ``limit`` bytes, for five minutes.

        For a store without POST Object, a signed PUT of exactly ``size`` bytes; UploadError beyond the limit.
        """

    def read_range(self, key: str, start: int, stop: int) -> Part:
        """The bytes from ``start`` up to ``stop`` or the object's end; UploadError when there is no such object."""

    def publish(self, source: str, etag: str, target: str, content_type: str) -> None:
        """Copies the content with this ``etag`` to where the media host serves it; the source stays."""

    def store(self, key: str, body: bytes, content_type: str) -> None:
        """Puts an object of our own making where the media host serves it."""

    def renew(self, key: str) -> bool:
        """Gives a published object the headers that a new one gets; whether it had others."""

    def delete(self, keys: list[str]) -> None:
        """Removes published objects."""

    def clear_incoming(self, before: float) -> int:
        """Removes incoming objects of before this time, in seconds since 1970; returns their number."""

    def url(self, key: str) -> str:
        """The address of a published object; makes no request."""
