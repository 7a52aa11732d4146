"""Where uploads are stored: in a bucket behind the media host, in development in a folder."""

from collections.abc import Mapping
from typing import Any

from slipway import ROOT

# https://docs.djangoproject.com/en/5.2/ref/settings/#storages
FOLDER = "django.core.files.storage.FileSystemStorage"
STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
BUCKET = "slipway.web.media.files.FileStorage"
# What a form brings. /tmp is memory on Debian 13, and would count as the site's.
ON_DISK = "/var/tmp"
HASHED = "slipway.web.storage.StaticStorage"


def settings(own: Mapping[str, Any], environ: Mapping[str, str], *, production: bool) -> dict[str, Any]:
    storages = {"default": {"BACKEND": FOLDER}, "staticfiles": {"BACKEND": STATIC}, **own.get("STORAGES", {})}
    build = environ.get("SLIPWAY_BUILD") or ROOT / "build"
    # django-compressor spells the alias this way.
    storages["compressor-offine"] = {
        "BACKEND": "compressor.storage.CompressorFileStorage",
        "OPTIONS": {"location": f"{build}/manifests"},
    }
    if not production:
        return {
            "STORAGES": storages,
            "MEDIA_URL": own.get("MEDIA_URL") or "/media/",
            "MEDIA_ROOT": own.get("MEDIA_ROOT") or ROOT / "media",
        }
    # A folder would be inside a release. A storage that the project chose itself stays.
    if storages["default"].get("BACKEND") == FOLDER:
        storages["default"] = {"BACKEND": BUCKET}
    # Django's own storages have no CDN; a foreign one is dangerous, and here only when it is waived.
    if storages["staticfiles"].get("BACKEND", "").startswith("django."):
        storages["staticfiles"] = {"BACKEND": HASHED}
    return {
        "STORAGES": storages,
        "MEDIA_URL": environ["MEDIA_URL"],
        "FILE_UPLOAD_TEMP_DIR": own.get("FILE_UPLOAD_TEMP_DIR") or ON_DISK,
        "SLIPWAY_MEDIA_BUCKET": environ["AWS_STORAGE_BUCKET_NAME"],
    }
