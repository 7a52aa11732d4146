"""Any CDN that pulls hashed files from the site itself, without a bucket."""

from collections.abc import Mapping, Sequence

from slipway.tool.config import Site
from slipway.tool.providers.contract import Step, Target
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import PULLED_PATH

TITLE = "A CDN that pulls from the site"
EXPERIMENTAL = False
CANNOT = (
    "the server has every static file, and sends each once to each edge, and to any direct request",
    "a release is live before its files are on the CDN: the first visitor behind each edge waits for the server",
    "unhashed names are not served: a package that computes names of its files at run time does not work",
    "uploads still need a bucket (media_bucket and, elsewhere than at Amazon, endpoint) and a CDN before it",
    "Slipway cannot purge it, and hashed names need no purge",
)

PAGE = "https://whitenoise.readthedocs.io/en/stable/django.html#use-a-content-delivery-network"


def describe(site: Site) -> list[Step]:
    return [
        Step(
            f"Make a CDN host that pulls {site.static_url}/… from {site.site_url}{PULLED_PATH}… (by an origin path or "
            f"a rewrite) and sends Host: {site.authority}; over TLS 1.2 or newer on both sides",
            PAGE,
        ),
        Step(
            "Let it honour the origin's Cache-Control, compress text, scripts and SVG, and forward no cookies",
            PAGE,
        ),
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """Raises SlipwayError: Slipway has no API to call."""
    raise SlipwayError(f"cannot purge {targets[0].url}: Slipway knows no API of your CDN; purge it there")
