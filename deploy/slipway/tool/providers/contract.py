"""The interface of a provider's module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from slipway.tool.config import Site
from slipway.web.errors import SlipwayError


@dataclass(frozen=True, slots=True)
class Step:
    """One step to set up by hand, and the provider's page about it."""

    what: str
    page: str


@dataclass(frozen=True, slots=True)
class Target:
    """A path to purge: ``base`` is the host's URL without a trailing slash, ``path`` begins with one."""

    base: str
    path: str

    @property
    def url(self) -> str:
        return self.base + self.path

    @property
    def host(self) -> str:
        return self.base.partition("://")[2]

    @property
    def is_prefix(self) -> bool:
        """Whether it means all paths with this prefix."""
        return self.path.endswith("*")

    @property
    def is_all(self) -> bool:
        """Whether it means the whole host."""
        return self.path == "/*"


class Provider(Protocol):
    """A module. ``TITLE`` is the provider's name; ``CANNOT`` lists its limits, a sentence each.

    ``EXPERIMENTAL``: written from documentation, and never tried against the service.
    """

    TITLE: str
    EXPERIMENTAL: bool
    CANNOT: tuple[str, ...]

    def describe(self, site: Site) -> list[Step]:
        """The steps to set up by hand for this site, in order."""

    def purge(self, site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
        """Purges; returns a line for each request. Raises SlipwayError: what failed, and what to do."""


def key(keys: Mapping[str, str], name: str) -> str:
    """A credential. Raises SlipwayError, naming the place for it, where it is missing."""
    if not keys.get(name):
        raise SlipwayError(f"cannot purge: {name} is missing; `make secrets` has a place for it, under cdn")
    return keys[name]


def cdn_id(site: Site, what: str) -> str:
    """The provider's identifier of the CDN service. Raises SlipwayError where site.yml has none."""
    if not site.cdn_id:
        raise SlipwayError(f"{site.path}: cdn_id: missing; a purge needs {what}")
    return site.cdn_id
