"""Where things are in the two buckets, and where a CDN pulls them from the site."""

# In the static bucket: what the static host serves, and beside it the manifests of releases, which nothing serves.
STATIC_PREFIX = "static/"
RELEASES_PREFIX = "releases/"
# In the media bucket: uploads as they came, which nothing serves, and published ones, which the media host serves.
INCOMING_PREFIX = "media/incoming/"
PUBLIC_PREFIX = "media/public/"
# With `provider: pull`, in the build and in the release; and on the site.
PULLED_FOLDER = "pulled"
PULLED_PATH = f"/{PULLED_FOLDER}/"
