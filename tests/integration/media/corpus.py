"""Pictures that browsers show, each with something unusual about its file."""

import io
import struct

from PIL import Image, features

from tests.unit.media.pictures import exif, picture, png_chunk, riff, riff_chunk, with_segment

JPEG, PNG, WEBP = picture(64, 48), picture(64, 48, "PNG"), picture(64, 48, "WEBP")
GPS = exif(gps=True)
XMP = b"http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude='54,5N'/>"
FRAMES = {"save_all": True, "append_images": (Image.new("RGB", (64, 48), "red"), Image.new("RGB", (64, 48), "blue"))}


def segments(jpeg: bytes) -> list[bytes]:
    """The start, each segment, and the last scan with the end."""
    found, at = [jpeg[:2]], 2
    while jpeg[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", jpeg, at + 2)
        found.append(jpeg[at : at + 2 + length])
        at += 2 + length
    return [*found, jpeg[at:]]


def joined(parts: list[bytes], between: bytes) -> bytes:
    """Nothing stands between the start and the first segment: there a browser looks for a JPEG's signature."""
    return parts[0] + between.join(parts[1:])


def without(jpeg: bytes, marker: int) -> bytes:
    return b"".join(part for part in segments(jpeg) if part[1] != marker)


def mpo() -> bytes:
    output = io.BytesIO()
    image = Image.open(io.BytesIO(JPEG))
    image.save(output, "MPO", save_all=True, append_images=[image.transpose(Image.Transpose.ROTATE_180)], exif=GPS)
    return output.getvalue()


def little_endian(orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4)


JPEGS = {
    "progressive": picture(64, 48, progressive=True),
    "optimized": picture(64, 48, optimize=True),
    "grey": picture(64, 48, mode="L"),
    "cmyk": picture(64, 48, mode="CMYK"),
    "restart markers": picture(64, 48, restart_marker_blocks=1),
    "no subsampling": picture(64, 48, subsampling=0, quality=100),
    "one pixel": picture(1, 1),
    "profile": picture(64, 48, icc_profile=b"profile" * 20_000),
    "no JFIF": without(JPEG, 0xE0),
    "no JFIF, Adobe's segment": without(picture(64, 48, mode="CMYK"), 0xE0),
    "filled up": joined(segments(JPEG), b"\xff\xff\xff"),
    "bytes between segments": joined(segments(JPEG), b"\0\0abc"),
    "one byte between segments": joined(segments(picture(64, 48, progressive=True)), b"\0"),
    "bytes behind the end": JPEG + b"\0\0trailing",
    "zeros behind the end": JPEG + bytes(100_000),
    "two ends": JPEG + b"\xff\xd9",
    "second picture": JPEG + picture(64, 48, exif=GPS),
    "film behind": JPEG + b"\0\0\0\x18ftypmp42" + bytes(10_000),
    "mpo": mpo(),
    "exif with a place": picture(64, 48, exif=GPS),
    "little endian": with_segment(JPEG, 0xE1, little_endian(8)),
    "damaged exif": with_segment(JPEG, 0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    "empty exif": with_segment(JPEG, 0xE1, b"Exif\0\0"),
    "two exif segments": with_segment(picture(64, 48, exif=exif(6)), 0xE1, GPS),
    "xmp": with_segment(JPEG, 0xE1, XMP),
    "iptc": with_segment(JPEG, 0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x09\x1c\x02\x5a\0\4Kiel"),
    "FlashPix": with_segment(JPEG, 0xE2, b"FPXR\0\0"),
    "Adobe's marker without Adobe's name": with_segment(JPEG, 0xEE, b"Place"),
    "thumbnail in JFIF": b"\xff\xd8\xff\xe0" + struct.pack(">H", 28) + JPEG[6:18] + b"\2\2" + bytes(12) + JPEG[20:],
    "long Adobe segment": with_segment(picture(64, 48, mode="CMYK"), 0xEE, b"Adobe\0d\0\0\0\0\0 and a place"),
    "empty segment": with_segment(JPEG, 0xEC, b""),
    "comment": picture(64, 48, comment=b"at home"),
    "metadata behind the scan": JPEG[:-2] + with_segment(b"\xff\xd8", 0xE1, GPS)[2:] + b"\xff\xd9",
    **{f"turned {turn}": picture(64, 48, exif=exif(turn, gps=True)) for turn in range(1, 9)},
}
PNGS = {
    **{f"mode {mode}": picture(64, 48, "PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    "transparent colour": picture(64, 48, "PNG", "P", transparency=0),
    "profile": picture(64, 48, "PNG", icc_profile=b"profile" * 999),
    "resolution": picture(64, 48, "PNG", dpi=(300, 300)),
    "animated": picture(64, 48, "PNG", **FRAMES),
    "exif with a place": picture(64, 48, "PNG", exif=GPS),
    "turned": picture(64, 48, "PNG", exif=exif(6, gps=True)),
    "exif behind the picture": PNG[:-12] + png_chunk(b"eXIf", GPS[6:]) + PNG[-12:],
    "text behind the picture": PNG[:-12] + png_chunk(b"tEXt", b"Comment\0at home") + PNG[-12:],
    "somebody's own chunk": PNG[:33] + png_chunk(b"prVt", b"at home") + PNG[33:],
    "bytes behind the end": PNG + b"trailing",
    "second picture": PNG + PNG,
}
WEBPS = {
    "lossy": WEBP,
    "lossless": picture(64, 48, "WEBP", lossless=True),
    "alpha": picture(64, 48, "WEBP", "RGBA"),
    "lossless alpha": picture(64, 48, "WEBP", "RGBA", lossless=True),
    "animated": picture(64, 48, "WEBP", **FRAMES),
    "animated, exif with a place": picture(64, 48, "WEBP", exif=GPS, **FRAMES),
    "profile": picture(64, 48, "WEBP", icc_profile=b"profile"),
    "exif with a place": picture(64, 48, "WEBP", exif=GPS),
    "turned": picture(64, 48, "WEBP", exif=exif(6, gps=True)),
    "xmp": picture(64, 48, "WEBP", xmp=b"<x/>"),
    "xmp behind a simple picture": riff(WEBP[12:] + riff_chunk(b"XMP ", XMP)),
    "bytes behind the end": WEBP + b"trailing",
}
OTHERS = {
    "gif": picture(64, 48, "GIF", "P"),
    "animated gif": picture(64, 48, "GIF", "P", **FRAMES),
    "transparent gif": picture(64, 48, "GIF", "P", transparency=0),
    "bytes behind a gif": picture(64, 48, "GIF", "P") + b"trailing",
    "bmp": picture(64, 48, "BMP"),
}
if features.check("avif"):
    OTHERS |= {
        "avif": picture(64, 48, "AVIF"),
        "lossless avif": picture(64, 48, "AVIF", quality=100, subsampling="4:4:4"),
        "avif with alpha": picture(64, 48, "AVIF", "RGBA"),
        "animated avif": picture(64, 48, "AVIF", **FRAMES),
        "avif with a place": picture(64, 48, "AVIF", exif=GPS),
    }
CORPUS = {
    f"{kind}: {name}": body
    for kind, group in {"jpeg": JPEGS, "png": PNGS, "webp": WEBPS, "other": OTHERS}.items()
    for name, body in group.items()
}
