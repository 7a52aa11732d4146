"""CDN providers: a module each, with two of five functions.

describe  what to set up by hand, and what is not available (`make cdn`); slipway.tool.cdn provisions CloudFront
push      slipway.tool.push and
upload    slipway.web.media, with the properties of the provider's S3 server in slipway.web.stores
purge     removes paths from the provider's caches, by its API (`make purge`)
verify    slipway.tool.edge, the same for all
"""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module

from slipway.tool.aws.identity import Identity
from slipway.tool.config import Site
from slipway.tool.providers.contract import Provider, Target
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

__all__ = ["Provider", "Target", "keys", "of", "purge", "targets"]


def of(site: Site) -> Provider:
    """The module of the provider that site.yml names."""
    return import_module(f"{__name__}.{site.provider}")


def keys(secrets: Secrets | None) -> dict[str, str]:
    """The credentials of a purge: this shell's variables, overridden by the deployer's and the provider's own."""
    return {**Identity(secrets.deployer).environment(), **secrets.cdn} if secrets else dict(os.environ)


def purge(site: Site, keys: Mapping[str, str], paths: Sequence[str]) -> list[str]:
    """Removes ``paths`` from every cache; returns a line for each request to the provider.

    ``keys`` has the provider's credentials by the names of the vault's ``cdn`` section. Raises SlipwayError.
    """
    return of(site).purge(site, keys, targets(site, paths))


def targets(site: Site, paths: Sequence[str]) -> list[Target]:
    """Parses ``paths``: URLs on the static or the media host, or paths on the static host. May end in ``*``."""
    return [_target(site, path) for path in paths]


def _target(site: Site, path: str) -> Target:
    for base in (site.static_url, site.media_url):
        if path.startswith(f"{base}/"):
            return Target(base, path.removeprefix(base))
    if not path.startswith("/"):
        raise SlipwayError(
            f"cannot purge {path}: give a path like /favicon.ico, or a URL on {site.static_url} or {site.media_url}"
        )
    return Target(site.static_url, path)
