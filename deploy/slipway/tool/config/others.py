"""The other sites of this checkout: each has a server, names and buckets of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path

from slipway.tool.config.site import Site
from slipway.web.errors import SlipwayError


def check(site: Site, load: Callable[[Path], Site]) -> None:
    """Raises SlipwayError where ``site`` has something that another file beside its own describes as its own.

    ``load`` reads one. A file that is not valid describes no site yet, or something else.
    """
    for file in sorted(site.path.parent.glob("*.yml")):
        if file.name.startswith(".") or file.resolve() == site.path.resolve():
            continue
        try:
            other = load(file)
        except SlipwayError:
            continue
        _check(site, other)


def _check(site: Site, other: Site) -> None:
    theirs = set(_own(other).values())
    for key, value in _own(site).items():
        if value in theirs:
            what = f"{value} is that of {other.path.name} too"
            raise SlipwayError(f"{site.path}: {key}: {what}; each site has {WHY.get(key, 'names of its own')}")
    if site.name == other.name:
        raise SlipwayError(
            f"{site.path}: domain: {site.domain} and {other.domain} of {other.path.name} are both {site.name} in the "
            "names of keys and folders; choose another one"
        )
    shared = sorted({*site.hosts} & {*other.hosts})
    if shared:
        raise SlipwayError(
            f"{site.path}: {shared[0]} is a name of {other.path.name} too; each site has names of its own"
        )


WHY: Mapping[str, str] = {
    "server": "a server of its own, which 512 MB are enough for",
    "domain": "a domain of its own, like staging.mysite.org",
    "bucket": "buckets of its own",
    "media_bucket": "buckets of its own",
    "backup_bucket": "buckets of its own",
    "cdn_id": "a CDN service of its own",
}


def _own(site: Site) -> dict[str, str]:
    """What no two sites share, by its key in site.yml."""
    known = {
        "domain": site.domain,
        "server": site.server,
        "site": site.site_url,
        "static": site.static_url,
        "media": site.media_url,
        "bucket": site.bucket,
        "media_bucket": site.media_bucket,
        "backup_bucket": site.backup_bucket,
        "cdn_id": site.cdn_id,
    }
    # A bucket may have the name of a domain.
    return {key: f"bucket {value}" if "bucket" in key else value for key, value in known.items() if value}
