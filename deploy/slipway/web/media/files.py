"""The storage for FileFields of third-party packages."""

import os
import posixpath
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from slipway.web.media.endpoint import addressing_style
from slipway.web.media.limits import cache_control
from slipway.web.media.naming import folder_of
from slipway.web.prefixes import PUBLIC_PREFIX

_lock = Lock()


class FileStorage(S3Storage):
    """django-storages' S3 storage, for a process that may not list the bucket.

    Such a process cannot check whether a name is free: S3 answers 403 for a missing key. So every file gets a random
    part in its name, and nothing is ever overwritten.
    """

    def get_default_settings(self) -> dict[str, object]:
        """Every option of S3Storage. It reads a missing one from AWS_… settings, which a project may still have."""
        return {
            # boto3 finds the keys of the web process in its environment.
            **dict.fromkeys(("access_key", "secret_key", "security_token", "session_profile")),
            "bucket_name": settings.SLIPWAY_MEDIA_BUCKET,
            "region_name": os.environ.get("AWS_DEFAULT_REGION"),
            "addressing_style": addressing_style(os.environ),
            "signature_version": "s3v4",
            "location": PUBLIC_PREFIX.rstrip("/"),
            "object_parameters": {"CacheControl": cache_control()},
            "default_acl": None,
            "file_overwrite": True,
            "file_name_charset": "utf-8",
            "gzip": False,
            "gzip_content_types": (),
            "max_memory_size": 0,
            "use_threads": True,
            # Options of the library's own URLs, which `url` replaces.
            **dict.fromkeys(("custom_domain", "cloudfront_key_id", "cloudfront_key")),
            "querystring_auth": False,
            "querystring_expire": 0,
            "url_protocol": "https:",
            # boto3 reads AWS_ENDPOINT_URL_S3 and the like from the environment.
            **dict.fromkeys(("endpoint_url", "proxies", "verify", "transfer_config", "client_config")),
            "use_ssl": True,
        }

    _shared: Any = None

    @property
    def connection(self) -> Any:
        """One for all threads: the library makes one each, of 17 MB.

        It uses its client, which is thread-safe, and a bucket, which the library shares itself.
        """
        with _lock:
            if self._shared is None:
                self._shared = super().connection
        return self._shared

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_shared"}

    def url(self, name: str, **options: object) -> str:
        """The address on the media host, whose paths do not have the bucket's prefix."""
        return settings.MEDIA_URL + filepath_to_uri(clean_name(name))

    def delete(self, name: str) -> None:
        """Removes a file. Raises SuspiciousFileOperation for an object of an ImageUploadField."""
        if folder_of(self._normalize_name(clean_name(name))):
            raise SuspiciousFileOperation(f"{name!r} belongs to an ImageUploadField, which deletes it itself")
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
