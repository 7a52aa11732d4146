"""Uploads in MEDIA_ROOT, for development: the same forms, the same rules, no cloud library."""

import hashlib
import shutil
import time
from os import PathLike
from pathlib import Path
from urllib.parse import quote

from django.core import signing
from django.urls import reverse
from django.utils._os import safe_join

from slipway.web.media.contract import Part, UploadForm
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.limits import FORM_SECONDS
from slipway.web.prefixes import INCOMING_PREFIX, PUBLIC_PREFIX

SALT = "slipway.web.media.form"


class RejectedForm(Exception):
    """S3's response to a form that breaks its policy: a status, a code and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class LocalMedia:
    """Published objects are in ``root``, incoming ones in its folder ``incoming``."""

    def __init__(self, root: str | PathLike[str], url: str) -> None:
        self.root = Path(root)
        self._url = url

    def sign(self, key: str, content_type: str, limit: int, size: int = 0) -> UploadForm:
        policy = {"key": key, "type": content_type, "limit": limit, "until": time.time() + FORM_SECONDS}
        fields = {"Content-Type": content_type, "key": key, "policy": signing.dumps(policy, salt=SALT)}
        return UploadForm(reverse("slipway-media:receive"), fields)

    def receive(self, fields: dict[str, str], file) -> None:
        """Stores what the form of ``sign`` posted. Raises RejectedForm, with S3's own code and message."""
        try:
            policy = signing.loads(fields.get("policy", ""), salt=SALT)
        except signing.BadSignature:
            raise RejectedForm(403, "SignatureDoesNotMatch", "The policy was changed on the way.") from None
        if time.time() > policy["until"]:
            raise RejectedForm(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
        if fields.get("key") != policy["key"] or fields.get("Content-Type") != policy["type"]:
            raise RejectedForm(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed")
        if file is None:
            raise RejectedForm(400, "InvalidArgument", "POST requires exactly one file upload per request.")
        if file.size > policy["limit"]:
            raise RejectedForm(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        if not file.size:
            raise RejectedForm(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        with self._make_parent(policy["key"]).open("wb") as target:
            shutil.copyfileobj(file, target)

    def read_range(self, key: str, start: int, stop: int) -> Part:
        try:
            with self._path(key).open("rb") as file:
                etag = hashlib.file_digest(file, "md5").hexdigest()
                size = file.tell()
                file.seek(start)
                return Part(file.read(stop - start), size, etag)
        except FileNotFoundError:
            raise UploadError(GONE) from None

    def publish(self, source: str, etag: str, target: str, content_type: str) -> None:
        if self.read_range(source, 0, 0).etag != etag:
            raise UploadError(GONE)
        shutil.copyfile(self._path(source), self._make_parent(target))

    def store(self, key: str, body: bytes, content_type: str) -> None:
        self._make_parent(key).write_bytes(body)

    def renew(self, key: str) -> bool:
        return False  # a folder keeps no headers

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def clear_incoming(self, before: float) -> int:
        old = [path for path in (self.root / "incoming").rglob("*") if path.is_file() and path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def url(self, key: str) -> str:
        return self._url + quote(key.removeprefix(PUBLIC_PREFIX))

    def _make_parent(self, key: str) -> Path:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _path(self, key: str) -> Path:
        """Raises SuspiciousFileOperation for a key outside the root."""
        if key.startswith(INCOMING_PREFIX):
            return Path(safe_join(self.root / "incoming", key.removeprefix(INCOMING_PREFIX)))
        return Path(safe_join(self.root, key.removeprefix(PUBLIC_PREFIX)))
