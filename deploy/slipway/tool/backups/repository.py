"""Where a site's backups are kept, and which kind they are: the inventory's variable for the roles."""

from typing import Any
from urllib.parse import urlsplit

from slipway.tool.config import Site
from slipway.tool.secrets import AWS_PAIR, PASSPHRASE, Secrets
from slipway.web.errors import SlipwayError
from slipway.web.media import endpoint

# What the section `backup` of the secrets needs before a server can back up.
NEEDED = (*AWS_PAIR, PASSPHRASE)
OFF = {"kind": "none", "bucket": "", "host": "", "port": 0, "region": "", "style": "", "keep": 0}


def repository(site: Site, secrets: Secrets) -> dict[str, Any]:
    """``kind`` is wal, dump (the database is elsewhere) or none; ``bucket``, ``host`` and ``port`` of the S3 server,
    ``region``, ``style`` (path or host) and ``keep``, the number of full backups. No secret is in it.

    Raises SlipwayError for an endpoint without TLS: pgBackRest speaks nothing else.
    """
    bucket = site.backup_bucket
    if not bucket or not all(secrets.backup.get(name) for name in NEEDED):
        return OFF
    # The backups' bucket stands where the uploads' does.
    environ = {**site.extra, **site.environment(), "AWS_STORAGE_BUCKET_NAME": bucket}
    style = endpoint.addressing_style(environ)
    server = urlsplit(endpoint.server_url(environ))
    if server.scheme != "https":
        raise SlipwayError(f"backups go over TLS alone, and {server.geturl()} is not: write `backup_bucket: none`")
    return {
        "kind": "dump" if "DATABASE_URL" in secrets.web else "wal",
        "bucket": bucket,
        "host": server.hostname,
        "port": server.port or 443,
        "region": site.region,
        "style": "path" if style == "path" else "host",
        "keep": site.keep_backups,
    }


def state_of(site: Site, secrets: Secrets) -> str:
    """What `make status` judges by: the kind of the backups; "missing" where they are wanted and have no bucket or key,
    "none" where site.yml says so."""
    kind = repository(site, secrets)["kind"]
    return "missing" if kind == "none" and site.backup_bucket else kind
