"""Any CDN that pulls hashed files from the site itself: for who has no bucket."""

from collections.abc import Mapping, Sequence

from slipway.tool.config import Site
from slipway.tool.providers.contract import Step, Target
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import PULLED_PATH

TITLE = "A CDN that pulls from the site"
CANNOT = (
    "the server has every static byte, sends each once to each edge, and to anybody who asks it",
    "a release is live before its files are on the CDN: the first visitor behind each edge waits for the server",
    "names without a hash are not served: a package that builds its siblings' names while it runs does not work",
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
            "Let it honour the origin's Cache-Control, compress text, scripts and SVG, and send no cookies on",
            PAGE,
        ),
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """Raises SlipwayError: there is nothing to ask."""
    raise SlipwayError(f"cannot purge {targets[0].url}: Slipway knows no API of your CDN; purge it there")
