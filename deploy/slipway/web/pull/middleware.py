"""Answers for hashed static files, which a CDN asks for once an edge; by WhiteNoise, which does just that."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.base import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware

from slipway.web.objects import IMMUTABLE
from slipway.web.prefixes import PULLED_FOLDER, PULLED_PATH, STATIC_PREFIX


class PulledStatic(WhiteNoiseMiddleware):
    """Serves what the manifests name with a hash, below PULLED_PATH, and nothing else that lies in the folders.

    All below PULLED_PATH is answered here, so that a CDN whose origin it is never shows a page of the site. The files
    of the other releases on the host are served too: a page of theirs may be open somewhere, and an edge may only now
    ask.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Not the parent's, which adds all of STATIC_ROOT.
        WhiteNoise.__init__(self, None, autorefresh=False, allow_all_origins=True, add_headers_function=self._describe)
        self.get_response = get_response
        self._types: dict[str, str] = {}
        for build in _builds():
            for name, content_type in _hashed(build / "manifests" / "objects.json"):
                path, url = build / PULLED_FOLDER / name, PULLED_PATH + name
                if path.is_file() and url not in self.files:
                    self._types[url] = content_type
                    self.add_file_to_dictionary(url, str(path))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PULLED_PATH):
            return self.get_response(request)
        found = self.files.get(request.path_info)
        try:
            return self.serve(found, request) if found else self._missing()
        except FileNotFoundError:
            # Of a release that has been removed since.
            return self._missing()

    def _missing(self) -> HttpResponse:
        """What an edge may keep for as long as CloudFront keeps an error."""
        return HttpResponse(status=404, content_type="text/plain", headers={"Cache-Control": "max-age=10"})

    def immutable_file_test(self, path: str, url: str) -> bool:
        """All that is here carries its hash."""
        return True

    def _describe(self, headers, path: str, url: str) -> None:
        """As an object in a bucket has them."""
        headers["Content-Type"] = self._types[url]
        headers["Cache-Control"] = IMMUTABLE
        headers["X-Content-Type-Options"] = "nosniff"


def _builds() -> Iterator[Path]:
    """This release's own build, then those of the releases beside it."""
    yield Path(settings.SLIPWAY_BUILD)
    releases = Path(settings.SLIPWAY_BUILD).parent.parent
    if releases.name == "releases":
        yield from (manifests.parent for manifests in sorted(releases.glob("*/build/manifests")))


def _hashed(manifest: Path) -> Iterator[tuple[str, str]]:
    if manifest.is_file():
        for key, said in json.loads(manifest.read_text())["objects"].items():
            if said["cache_control"] == IMMUTABLE:
                yield key.removeprefix(STATIC_PREFIX), said["content_type"]
