"""The site's buckets: one behind each of its two CDN hosts, and the one of its backups, which no CDN reads."""

from dataclasses import dataclass

from slipway.tool.cdn.account import host
from slipway.tool.config import Site
from slipway.web.prefixes import PUBLIC_PREFIX, STATIC_PREFIX


@dataclass(frozen=True)
class Place:
    """A private bucket of the site."""

    kind: str  # "static", "media" or "backups"
    bucket: str


@dataclass(frozen=True)
class Edge(Place):
    """One of the site's two CDN hosts, and what it serves."""

    url: str
    prefix: str  # in the bucket, with its trailing slash

    @property
    def alias(self) -> str:
        return host(self.url)


def edges(site: Site) -> tuple[Edge, Edge]:
    return (
        Edge("static", site.bucket, site.static_url, STATIC_PREFIX),
        Edge("media", site.media_bucket, site.media_url, PUBLIC_PREFIX),
    )


def backups(site: Site) -> Place | None:
    """The bucket of the database's backups; None where site.yml says that there are none."""
    return Place("backups", site.backup_bucket) if site.backup_bucket else None
