"""Static files: bundled and hashed by the build, served by the CDN."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slipway import ROOT

# Files that are pushed without a hash too, as glob patterns: browsers and robots request these by plain name.
# A project adds its own, for files that load others by plain name.
UNHASHED = ("favicon.ico", "robots.txt")
OLD_NAME = "SLIPWAY_STABLE_NAMES"
FINDERS = (
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
)
COMPRESSOR_FINDER = "compressor.finders.CompressorFinder"
FILTERS = {"css": ["compressor.filters.cssmin.rCSSMinFilter"], "js": ["slipway.tool.assets.blocks.minify.JsFilter"]}


def settings(own: Mapping[str, Any], environ: Mapping[str, str], *, production: bool) -> dict[str, Any]:
    if OLD_NAME in own:
        warnings.warn(f"write SLIPWAY_UNHASHED in place of {OLD_NAME}, its older name", FutureWarning, stacklevel=4)
    build = Path(environ.get("SLIPWAY_BUILD") or ROOT / "build")
    # https://docs.djangoproject.com/en/5.2/ref/settings/#static-url
    url = environ["STATIC_URL"] if production else "/static/"
    finders = own.get("STATICFILES_FINDERS", FINDERS)
    return {
        # Where collectstatic pushes to; the web process never uses it.
        "SLIPWAY_STATIC_BUCKET": environ.get("SLIPWAY_STATIC_BUCKET", ""),
        "SLIPWAY_UNHASHED": _with((*own.get("SLIPWAY_UNHASHED", ()), *own.get(OLD_NAME, ())), *UNHASHED),
        # Glob patterns of files whose names carry a hash already: they keep them.
        "SLIPWAY_HASHED": list(own.get("SLIPWAY_HASHED", ())),
        # Names of web manifests that no template links: one whose link is made in Python, say.
        "SLIPWAY_WEB_MANIFESTS": list(own.get("SLIPWAY_WEB_MANIFESTS", ())),
        "SLIPWAY_BUILD": build,
        "SLIPWAY_MANIFESTS": build / "manifests",
        "STATIC_URL": url,
        "STATIC_ROOT": build / "static",
        # https://docs.djangoproject.com/en/5.2/ref/settings/#staticfiles-finders
        "STATICFILES_FINDERS": _with((COMPRESSOR_FINDER,), *finders),
        # https://django-compressor.readthedocs.io/en/stable/settings.html
        # False in production only where that is waived: see slipway.web.settings.dangerous.
        "COMPRESS_ENABLED": production and own.get("COMPRESS_ENABLED", True),
        "COMPRESS_OFFLINE": production and own.get("COMPRESS_OFFLINE", True),
        "COMPRESS_URL": url,
        "COMPRESS_ROOT": build / "static",
        "COMPRESS_OFFLINE_MANIFEST": "compress.json",
        # Bundles are named by their content; a query string with the file's time would differ by machine.
        "COMPRESS_CSS_HASHING_METHOD": None,
        "COMPRESS_FILTERS": {**FILTERS, **own.get("COMPRESS_FILTERS", {})},
    }


def _with(more: tuple[str, ...] | list[str], *first: str) -> list[str]:
    return list(dict.fromkeys((*first, *more)))
