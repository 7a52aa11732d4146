"""Where the FileFields of third-party packages keep their files."""

import posixpath

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from slipway.web.media.naming import folder_of


class FileStorage(S3Storage):
    """django-storages' S3 storage, for a process that may not list the bucket.

    Such a process cannot ask whether a name is free: S3 answers 403 for a missing key. So every file gets a random
    part in its name, and nothing is ever overwritten.
    """

    def url(self, name: str, **options: object) -> str:
        """The address on the media host, which knows nothing of the prefix that its objects have in the bucket."""
        return settings.MEDIA_URL + filepath_to_uri(clean_name(name))

    def delete(self, name: str) -> None:
        """Removes a file. Raises SuspiciousFileOperation for an object of an ImageUploadField."""
        if folder_of(self._normalize_name(clean_name(name))):
            raise SuspiciousFileOperation(f"{name!r} belongs to an ImageUploadField, which removes it itself")
        super().delete(name)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """``name`` with a random part. Raises SuspiciousFileOperation where ``max_length`` leaves no room for it."""
        folder, file = posixpath.split(clean_name(name))
        stem, suffix = posixpath.splitext(file)
        available = posixpath.join(folder, self.get_alternative_name(stem, suffix))
        excess = len(available) - max_length if max_length else 0
        if excess > 0:
            if excess >= len(stem):
                raise SuspiciousFileOperation(f"{name!r} does not fit in {max_length} characters; raise max_length")
            available = posixpath.join(folder, self.get_alternative_name(stem[:-excess], suffix))
        return available
