"""The signed token that a form submits in place of uploaded files: which user may submit which files."""

import secrets
from dataclasses import dataclass

from django.core import signing

from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.limits import EXTENSIONS, MAX_WIDTH_DIGITS, ORIGINAL, TICKET_SECONDS, WIDTHS
from slipway.web.prefixes import INCOMING_PREFIX

SALT = "slipway.web.media.ticket"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One upload: its user, its folder in the bucket, and the content type of each of its files.

    A file is called ``original`` or by its width in pixels.
    """

    user: str
    folder: str
    types: dict[str, str]

    @classmethod
    def issue(cls, user: str, types: dict[str, str]) -> "Ticket":
        """A ticket for the files that a browser announces; UploadError when they do not make up an upload."""
        if ORIGINAL not in types or len(types) > 1 + len(WIDTHS):
            raise UploadError(f"An upload is one original and at most {len(WIDTHS)} smaller versions of it.")
        for name, content_type in types.items():
            if content_type not in EXTENSIONS:
                raise UploadError(
                    "Only JPEG, PNG and WebP images can be added. Choose a photo in one of those formats."
                )
            if name != ORIGINAL and not (name.isascii() and name.isdigit() and len(name) <= MAX_WIDTH_DIGITS):
                raise UploadError("A smaller version is named by its width in pixels.")
        return cls(user, secrets.token_urlsafe(16), types)

    @classmethod
    def load(cls, value: str, user: str) -> "Ticket":
        """The ticket in ``value``; UploadError when it is forged, too old or another user's."""
        try:
            ticket = cls(**signing.loads(value, salt=SALT, max_age=TICKET_SECONDS))
        except signing.BadSignature:
            raise UploadError(GONE) from None
        if ticket.user != user:
            raise UploadError("This photo was uploaded by somebody else. Choose it again.")
        return ticket

    def dump(self) -> str:
        return signing.dumps({"user": self.user, "folder": self.folder, "types": self.types}, salt=SALT)

    def key(self, name: str) -> str:
        """The incoming key of one of its files."""
        return f"{INCOMING_PREFIX}{self.folder}/{name}.{EXTENSIONS[self.types[name]]}"
