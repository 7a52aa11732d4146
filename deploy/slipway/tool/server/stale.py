"""Purges the files that a push has replaced in place from the CDN's caches; a deploy never fails for it."""

from collections.abc import Mapping, Sequence

from slipway.tool import providers
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

# Above it a purge costs more than it gains: providers count or bill each path, and an unhashed file expires by itself.
PATHS = 30
EXPIRY = "caches drop the old ones within five minutes"


def purge(site: Site, keys: Mapping[str, str], urls: Sequence[str]) -> list[str]:
    """Lines for a person: none where nothing was replaced, a warning where the purge failed."""
    if not urls or site.cdn == "none":
        return []
    if len(urls) > PATHS:
        return [f"{len(urls)} names without a hash were replaced; {EXPIRY}"]
    try:
        return providers.purge(site, keys, urls)
    except SlipwayError as error:
        return [f"warning: {error}; {EXPIRY}"]
    except Exception as error:
        # Whatever a provider's library raises: the release is good, and visitors wait for it.
        return [f"warning: cannot purge: {type(error).__name__}; {EXPIRY}"]
