"""Where things are in the two buckets, what may serve them, and what they are served with."""

from slipway.web.objects import STATIC_PREFIX

# Uploads as they came: nothing serves them.
INCOMING_PREFIX = "media/incoming/"
# Published uploads: the media host serves them.
PUBLIC_PREFIX = "media/public/"
# Release manifests, beside the static files: nothing serves them.
RELEASES_PREFIX = "releases/"
# An upload opened as a page of its own may neither run nor load anything.
MEDIA_CSP = "default-src 'none'; sandbox"
# A page among the static files may run what lies beside it, nothing that is written into it: an SVG of some package,
# opened by itself, would set cookies for the site's domain. Not a sandbox: Chromium opens no PDF in one.
STATIC_CSP = "script-src 'self'; base-uri 'none'"

__all__ = ["INCOMING_PREFIX", "MEDIA_CSP", "PUBLIC_PREFIX", "RELEASES_PREFIX", "STATIC_CSP", "STATIC_PREFIX"]
