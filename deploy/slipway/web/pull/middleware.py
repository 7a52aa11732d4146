"""Serves hashed static files to a CDN, which requests each once an edge, with WhiteNoise."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.base import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware

from slipway.web.prefixes import PULLED_FOLDER, PULLED_PATH, STATIC_PREFIX
from slipway.web.static_objects import Headers


class PulledStatic(WhiteNoiseMiddleware):
    """Serves the hashed files of the manifests, below PULLED_PATH, and no other file of the folders.

    It answers every request below PULLED_PATH, so that a CDN with this origin never serves a page of the site. Files of
    the other releases on the host are served too: one of their pages may still be open, and an edge may request its
    files only now.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Not the parent's __init__, which adds all of STATIC_ROOT.
        WhiteNoise.__init__(self, None, autorefresh=False, allow_all_origins=True, add_headers_function=self._headers)
        self.get_response = get_response
        self._known: dict[str, Headers] = {}
        for build in _builds():
            for name, known in _hashed(build / "manifests" / "objects.json"):
                path, url = build / PULLED_FOLDER / name, PULLED_PATH + name
                if path.is_file() and url not in self.files:
                    self._known[url] = known
                    self.add_file_to_dictionary(url, str(path))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PULLED_PATH):
            return self.get_response(request)
        file = self.files.get(request.path_info)
        try:
            return self.serve(file, request) if file else self._missing()
        except FileNotFoundError:
            # Its release has been removed since.
            return self._missing()

    def _missing(self) -> HttpResponse:
        """A 404 that an edge may cache for as long as CloudFront caches an error."""
        return HttpResponse(status=404, content_type="text/plain", headers={"Cache-Control": "max-age=10"})

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Every name here has its hash."""
        return True

    def _headers(self, headers, path: str, url: str) -> None:
        """The headers of an object in a bucket."""
        headers["Content-Type"], headers["Cache-Control"] = self._known[url]
        headers["X-Content-Type-Options"] = "nosniff"


def _builds() -> Iterator[Path]:
    """This release's own build, then those of the releases beside it."""
    yield Path(settings.SLIPWAY_BUILD)
    releases = Path(settings.SLIPWAY_BUILD).parent.parent
    if releases.name == "releases":
        yield from (manifests.parent for manifests in sorted(releases.glob("*/build/manifests")))


def _hashed(manifest: Path) -> Iterator[tuple[str, Headers]]:
    """Names and headers; those of an older release may have had another lifetime."""
    if manifest.is_file():
        for key, known in json.loads(manifest.read_text())["objects"].items():
            if "immutable" in known["cache_control"]:
                yield key.removeprefix(STATIC_PREFIX), (known["content_type"], known["cache_control"])
