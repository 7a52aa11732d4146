"""The keys of published images in the bucket, and how to recognize them."""

import re
import secrets

from django.utils import timezone

from slipway.web.media.limits import EXTENSIONS, MAX_WIDTH_DIGITS, ORIGINAL
from slipway.web.prefixes import PUBLIC_PREFIX

FOLDER_BYTES = 12
# Files of other fields never match: FileStorage appends a random part to each name.
_OWN = re.compile(
    rf"(?P<folder>{PUBLIC_PREFIX}\d{{4}}/[\w-]{{16}}/)"
    rf"({ORIGINAL}|\d{{1,{MAX_WIDTH_DIGITS}}})\.({'|'.join(EXTENSIONS.values())})",
    re.ASCII,
)


def new_folder() -> str:
    """An unguessable folder below the media host."""
    return f"{timezone.now():%Y}/{secrets.token_urlsafe(FOLDER_BYTES)}"


def public_key(folder: str, name: str, content_type: str) -> str:
    return f"{PUBLIC_PREFIX}{folder}/{name}.{EXTENSIONS[content_type]}"


def folder_of(key: str) -> str:
    """The published image's folder that contains ``key``; "" where ``key`` is not a published image's."""
    match = _OWN.fullmatch(key)
    return match["folder"] if match else ""
