"""`make cdn` for a provider that Slipway does not provision: says what to set, and what cannot be had."""

import textwrap

from slipway.tool.config import Site
from slipway.tool.providers import of
from slipway.web.errors import SlipwayError

WIDTH = 100


def run(site: Site, verb: str) -> int:
    """``provision`` prints the steps; of the other verbs there is nothing to read or to make here."""
    provider = of(site)
    if verb != "provision":
        raise SlipwayError(f"{verb}: {provider.TITLE} is set up by hand; `make cdn` says what to set")
    print(f"{provider.TITLE} is set up by hand.")
    print("What follows is from its documentation and was not tried against the service.")
    for number, step in enumerate(provider.describe(site), 1):
        print(_wrapped(f"{number:2}. {step.what}"), f"    {step.page}", sep="\n")
    print("\nDNS: lead the two hosts to where the provider says. Then `make deploy`, which proves the outcome.")
    if provider.CANNOT:
        print("\nWhat is less than with CloudFront:")
        for sentence in provider.CANNOT:
            print(_wrapped(f"  - {sentence}"))
    return 0


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
