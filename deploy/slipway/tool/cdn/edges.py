"""The site's two CDN hosts, each with a private bucket behind it."""

from dataclasses import dataclass

from slipway.tool.cdn.account import host
from slipway.tool.config import Site
from slipway.web.prefixes import PUBLIC_PREFIX, STATIC_PREFIX


@dataclass(frozen=True)
class Edge:
    """One of the site's two CDN hosts, and what it serves."""

    kind: str  # "static" or "media"
    url: str
    bucket: str
    prefix: str  # in the bucket, with its trailing slash

    @property
    def alias(self) -> str:
        return host(self.url)


def edges(site: Site) -> tuple[Edge, Edge]:
    return (
        Edge("static", site.static_url, site.bucket, STATIC_PREFIX),
        Edge("media", site.media_url, site.media_bucket, PUBLIC_PREFIX),
    )
