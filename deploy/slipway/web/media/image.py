"""A published image: URLs and dimensions, as a template uses them."""

from dataclasses import dataclass, field
from typing import Any

from slipway.web.media.backends import media


@dataclass(frozen=True, slots=True)
class Variant:
    """One size of an image. ``key`` is the whole bucket key, width and height are in pixels."""

    key: str
    width: int
    height: int

    @property
    def url(self) -> str:
        return media().url(self.key)


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """A published image: the original and its variants, narrowest first.

    ``{{ image.url }}`` is the original, ``{{ image.srcset }}`` the variants for an ``<img>`` with
    ``sizes``, ``{{ image.width }}`` and ``{{ image.height }}`` the pixels of the original as shown.

    ``trusted``: whether the server itself published it or read it from its database. A request can contain the same
    JSON; a field saves only trusted images.
    """

    key: str
    width: int
    height: int
    variants: tuple[Variant, ...] = ()
    trusted: bool = field(default=False, init=False, repr=False, compare=False)

    def __str__(self) -> str:
        return self.key

    @property
    def url(self) -> str:
        return media().url(self.key)

    @property
    def srcset(self) -> str:
        """The variants with their widths; the original where an image has none."""
        return ", ".join(f"{variant.url} {variant.width}w" for variant in self.variants or (self,))

    @property
    def thumbnail(self) -> "Variant | UploadedImage":
        """The smallest of them."""
        return self.variants[0] if self.variants else self

    @property
    def largest(self) -> "Variant | UploadedImage":
        """The widest variant: for a card or a feed, where the original would weigh megabytes."""
        return self.variants[-1] if self.variants else self

    @property
    def keys(self) -> list[str]:
        """The bucket keys of all its objects."""
        return [self.key, *(variant.key for variant in self.variants)]

    def to_json(self) -> dict[str, Any]:
        """The JSON that the database stores."""
        variants = [{"key": each.key, "width": each.width, "height": each.height} for each in self.variants]
        return {"key": self.key, "width": self.width, "height": self.height, "variants": variants}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "UploadedImage":
        variants = tuple(Variant(**each) for each in value["variants"])
        return cls(value["key"], value["width"], value["height"], variants)


def trust(image: UploadedImage) -> UploadedImage:
    """Marks ``image`` as trusted: for images from the database or made here, never for input."""
    object.__setattr__(image, "trusted", True)
    return image
