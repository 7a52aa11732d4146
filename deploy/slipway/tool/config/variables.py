"""Environment variables that Slipway sets itself, so that neither `environment` nor a secret may.

A site that is built for other addresses than it is served with would fail on the server.
"""

from slipway.tool.config.site import CHECKSUMS

# Each with its key in site.yml.
KEYS = {
    "AWS_DEFAULT_REGION": "region",
    "AWS_STORAGE_BUCKET_NAME": "media_bucket",
    "DJANGO_SETTINGS_MODULE": "settings",
    "MEDIA_URL": "media",
    "SITE_URL": "site",
    "SLIPWAY_ALIASES": "aliases",
    "SLIPWAY_PROVIDER": "provider",
    "SLIPWAY_S3_ADDRESSING": "addressing",
    "SLIPWAY_SIGN_IN_TRIES": "sign_in_tries",
    "SLIPWAY_STATIC_BUCKET": "bucket",
    "SLIPWAY_THREADS": "gunicorn_threads",
    "SLIPWAY_TIMEOUT": "timeout",
    "SLIPWAY_WAIVED": "waive",
    "SLIPWAY_WSGI": "wsgi",
    "STATIC_URL": "static",
    "WEB_CONCURRENCY": "gunicorn_workers",
}
# Set by Slipway where the site has an `endpoint`.
ENDPOINT = dict.fromkeys(("AWS_ENDPOINT_URL_S3", *CHECKSUMS), "endpoint")
# Any other name with this prefix is reserved: a later version may read it.
PREFIX = "SLIPWAY_"
# The site's database; only a secret may change it.
DATABASE = ("DATABASE_URL", "PGHOST")


def instead(name: str, *, endpoint: bool) -> str:
    """What to do in place of setting Slipway's own variable ``name``; "" for any other variable.

    ``endpoint``: whether site.yml has one.
    """
    key = (KEYS | (ENDPOINT if endpoint else {})).get(name)
    if key:
        return f"write `{key}` in site.yml"
    return "take it out" if name.startswith(PREFIX) else ""
