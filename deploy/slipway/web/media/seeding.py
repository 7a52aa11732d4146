"""Publishes images that the server itself has, as a management command does."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from slipway.web.media.image import UploadedImage

QUALITY = 82


def store_image(data: bytes) -> "UploadedImage":
    """Publishes the JPEG, PNG or WebP image ``data`` with its variants and returns what a model field holds.

    Pillow decodes it, so this is for trusted images and never for a request. Metadata is removed,
    orientation applied. Raises UploadError when it cannot be read or the store does not answer.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    from slipway.web.media.backends import media
    from slipway.web.media.errors import UploadError
    from slipway.web.media.image import UploadedImage, Variant, trust
    from slipway.web.media.limits import ORIGINAL, WIDTHS
    from slipway.web.media.naming import new_folder, public_key

    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
            kind = opened.format
            image = ImageOps.exif_transpose(opened)
            if image.mode not in ("L", "RGB", "RGBA"):
                image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise UploadError(f"The image cannot be read: {error}") from None
    folder, store = new_folder(), media()

    def put(name: str, picture: "Image.Image", kind: str) -> str:
        key = public_key(folder, name, f"image/{kind.lower()}")
        store.store(key, _encode(picture, kind), f"image/{kind.lower()}")
        return key

    variants = []
    for width in sorted({min(width, image.width) for width in WIDTHS}):
        height = max(1, round(width * image.height / image.width))
        key = put(str(width), image.resize((width, height), Image.Resampling.LANCZOS), "WEBP")
        variants.append(Variant(key, width, height))
    return trust(UploadedImage(put(ORIGINAL, image, kind), image.width, image.height, tuple(variants)))


def _encode(picture: "Image.Image", kind: str) -> bytes:
    output, profile = io.BytesIO(), picture.info.get("icc_profile")
    # Pillow would write a comment or Exif data that it finds here.
    picture.info = {}
    # WebP's method 2 takes a third of the default's time, for a twentieth more bytes.
    picture.save(output, kind, quality=95 if kind == "JPEG" else QUALITY, method=2, icc_profile=profile)
    return output.getvalue()
