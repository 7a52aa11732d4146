"""Where things are in the two buckets, and what may serve them."""

from deploy.objects import STATIC_PREFIX

# Uploads as they came: nothing serves them.
INCOMING_PREFIX = "media/incoming/"
# Published uploads: the media host serves them.
PUBLIC_PREFIX = "media/public/"
# Release manifests, beside the static files: nothing serves them.
RELEASES_PREFIX = "releases/"

__all__ = ["INCOMING_PREFIX", "PUBLIC_PREFIX", "RELEASES_PREFIX", "STATIC_PREFIX"]
