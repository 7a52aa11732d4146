"""What a provider's module offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from slipway.tool.config import Site
from slipway.web.errors import SlipwayError


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set by hand, and the provider's page about it."""

    what: str
    page: str


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to purge: ``base`` is the host's URL without a slash at its end, ``path`` begins with one."""

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
        """Whether it stands for all that begins so."""
        return self.path.endswith("*")

    @property
    def is_all(self) -> bool:
        """Whether it stands for the whole host."""
        return self.path == "/*"


class Provider(Protocol):
    """A module. ``TITLE`` is what people call it; ``CANNOT`` says what it leaves out, a sentence each."""

    TITLE: str
    CANNOT: tuple[str, ...]

    def describe(self, site: Site) -> list[Step]:
        """What to set by hand for this site, in order."""

    def purge(self, site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
        """Purges; returns a line for each request. Raises SlipwayError: what failed, and what to do."""


def key(keys: Mapping[str, str], name: str) -> str:
    """A credential. Raises SlipwayError that says where it belongs."""
    if not keys.get(name):
        raise SlipwayError(f"cannot purge: {name} is missing; `make secrets` has a place for it, under cdn")
    return keys[name]


def cdn_id(site: Site, what: str) -> str:
    """What the provider calls the thing before the hosts. Raises SlipwayError that says where it belongs."""
    if not site.cdn_id:
        raise SlipwayError(f"{site.path}: cdn_id: missing; a purge needs {what}")
    return site.cdn_id
