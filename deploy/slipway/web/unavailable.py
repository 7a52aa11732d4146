"""The page of a site that is away for a moment: status 503, with Retry-After.

The build renders the project's 503.html once, beside the manifests (slipway.tool.assets.unavailable). nginx has the
same text in its configuration.
"""

import functools
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers

NAME = "503.html"
RETRY_AFTER = 10  # s
# Of a release without the file.
PLAIN = "This site is not available at the moment. Try again in a few seconds.\n"


def response() -> HttpResponse:
    page = _page(Path(settings.SLIPWAY_MANIFESTS) / NAME)
    kind = "text/html" if page else "text/plain"
    answer = HttpResponse(
        page or PLAIN, f"{kind}; charset=utf-8", status=503, headers={"Retry-After": str(RETRY_AFTER)}
    )
    add_never_cache_headers(answer)
    return answer


@functools.cache
def _page(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
