"""The storage that resolves a static file to its hashed name on a running site."""

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage


class StaticStorage(ManifestStaticFilesStorage):
    """URLs on the CDN host, from the release's staticfiles.json.

    Only the manifest is on disk; the files are in the bucket, so no cloud library is loaded. A name
    that is missing in the manifest raises ValueError, as Django's strict manifest does.
    """

    def __init__(self, *args, **kwargs):
        manifests = FileSystemStorage(location=settings.SLIPWAY_MANIFESTS)
        super().__init__(*args, manifest_storage=manifests, **kwargs)

    def url(self, name, force=False):
        """The hashed URL, with DEBUG too: the bucket has no other."""
        return super().url(name, force=True)
