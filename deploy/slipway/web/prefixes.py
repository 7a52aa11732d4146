"""Key prefixes of the two buckets, and the path from which a CDN pulls static files."""

# In the static bucket: what the static host serves, and the manifests of releases, which nothing serves.
STATIC_PREFIX = "static/"
RELEASES_PREFIX = "releases/"
# In the media bucket: incoming uploads, which nothing serves, and published ones, which the media host serves.
INCOMING_PREFIX = "media/incoming/"
PUBLIC_PREFIX = "media/public/"
# With `provider: pull`, in the build and in the release; and on the site.
PULLED_FOLDER = "pulled"
PULLED_PATH = f"/{PULLED_FOLDER}/"
