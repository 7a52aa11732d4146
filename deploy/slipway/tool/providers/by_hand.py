"""A provider that Slipway does not provision: what to set up there, and what is not available."""

import textwrap

from slipway.tool.config import Site
from slipway.tool.providers import backups, of
from slipway.web import stores
from slipway.web.errors import SlipwayError

WIDTH = 100


def check(command: str, site: Site) -> None:
    """Raises SlipwayError where the site's provider is set up by hand: ``command`` does not support it."""
    if site.provider != stores.DEFAULT:
        raise SlipwayError(f"{command}: {of(site).TITLE} is set up by hand; `make cdn` lists the steps")


def show(site: Site) -> int:
    """`make cdn` for such a provider: prints the steps."""
    provider = of(site)
    print(f"{provider.TITLE} is set up by hand.")
    if provider.EXPERIMENTAL:
        print("Experimental: it is written from the provider's documentation, and was not tried against the service.")
    for number, step in enumerate([*provider.describe(site), *backups.describe(site)], 1):
        print(_wrapped(f"{number:2}. {step.what}"), f"    {step.page}", sep="\n")
    print("\nDNS: point the two hosts at the provider's names. Then run `make deploy`, which proves the result.")
    if provider.CANNOT:
        print("\nLimits compared with CloudFront:")
        for sentence in provider.CANNOT:
            print(_wrapped(f"  - {sentence}"))
    return 0


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
