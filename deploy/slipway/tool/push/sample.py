"""The headers of unhashed files in a bucket where no release has recorded them yet: those of a few are asked for."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import PurePosixPath

from slipway.tool.push.s3 import S3
from slipway.web.static_objects import Headers, StaticObject, has_hashed_shape

# What a server answers that does not tell an object's headers.
UNANSWERED = (403, 404, 405, 501)
# Objects asked for, of one extension: some plain names are a bundler's, and immutable.
TRIES = 3
# It has the time of a build, and a new connection costs more than a request.
AT_ONCE = 8


class Sample:
    """Headers by extension, since they depend on the extension alone."""

    def __init__(self, s3: S3, modified: Mapping[str, datetime]) -> None:
        """Asks for the oldest objects of each extension: an interrupted push has replaced the others.

        ``modified`` has the time of each object in the bucket. Raises SlipwayError.
        """
        self._s3 = s3
        by_extension: dict[str, list[str]] = {}
        for key in sorted(modified, key=modified.__getitem__):
            if not has_hashed_shape(key):
                by_extension.setdefault(_extension(key), []).append(key)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = zip(by_extension, pool.map(self._ask, by_extension.values()), strict=True)
            self._headers = {extension: headers for extension, headers in found if headers}

    def of(self, objects: Iterable[StaticObject]) -> dict[str, Headers]:
        """The headers of the unhashed ones of ``objects``; where none is known, those that they should have."""
        return {obj.key: self._headers.get(_extension(obj.key), obj.headers) for obj in objects if obj.is_unhashed}

    def _ask(self, keys: list[str]) -> Headers | None:
        for key in keys[:TRIES]:
            answer = self._s3.send("check", "HEAD", key, accept=UNANSWERED)
            headers = answer.headers.get("content-type", ""), answer.headers.get("cache-control", "")
            if answer.status not in UNANSWERED and "immutable" not in headers[1]:
                return headers
        return None


def _extension(key: str) -> str:
    return PurePosixPath(key).suffix.lower()
