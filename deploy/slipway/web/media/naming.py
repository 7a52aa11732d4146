"""How published images are named in the bucket, and so which objects are theirs."""

import re
import secrets

from django.utils import timezone

from slipway.web.media.limits import EXTENSIONS, MAX_WIDTH_DIGITS, ORIGINAL
from slipway.web.prefixes import PUBLIC_PREFIX

FOLDER_BYTES = 12
# Files of other fields never match: FileStorage puts a random part behind each name.
_OWN = re.compile(
    rf"(?P<folder>{PUBLIC_PREFIX}\d{{4}}/[\w-]{{16}}/)"
    rf"({ORIGINAL}|\d{{1,{MAX_WIDTH_DIGITS}}})\.({'|'.join(EXTENSIONS.values())})",
    re.ASCII,
)


def new_folder() -> str:
    """A folder below the media host that nobody can guess."""
    return f"{timezone.now():%Y}/{secrets.token_urlsafe(FOLDER_BYTES)}"


def public_key(folder: str, name: str, content_type: str) -> str:
    return f"{PUBLIC_PREFIX}{folder}/{name}.{EXTENSIONS[content_type]}"


def folder_of(key: str) -> str:
    """The folder of a published image that ``key`` lies in; "" where ``key`` is of something else."""
    match = _OWN.fullmatch(key)
    return match["folder"] if match else ""
