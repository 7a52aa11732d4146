"""Where a running site looks up the hashed name of a static file."""

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage


class StaticStorage(ManifestStaticFilesStorage):
    """URLs on the CDN host, from the staticfiles.json that the release carries.

    Only the manifest is on disk; the files are in the bucket, so no cloud library is loaded. A name
    that the manifest misses raises ValueError, as Django's strict manifest does.
    """

    def __init__(self, *args, **kwargs):
        manifests = FileSystemStorage(location=settings.SLIPWAY_MANIFESTS)
        super().__init__(*args, manifest_storage=manifests, **kwargs)
