"""Whose a server is: each command there is preceded by the question, so that none reaches another site's by mistake."""

import shlex
from pathlib import Path

from slipway.tool import config

SCRIPT = Path(__file__).with_name("owner.sh")
# How the host is laid out: folders, units, the verbs of its own command. Raise it when a checkout from before could do
# harm on a host that this one has set up; such a checkout is refused there from then on.
LAYOUT = 1


def claim(site: config.Site) -> str:
    """The same for the key of CI: the variables by which the server's own command knows whose server is meant."""
    return f"SLIPWAY_HOST={site.host} SLIPWAY_DOMAIN={site.domain} SLIPWAY_LAYOUT={LAYOUT}"


def guard(site: config.Site, *, take_over: bool) -> str:
    """The shell commands that end with status 1 and one line on a host that is not this site's, nor anybody's.

    With ``take_over`` another site's will do; a later layout never does.
    """
    said = {
        "SERVER": site.server,
        "FILE": site.path.name,
        "HOST": site.host,
        "DOMAIN": site.domain,
        "LAYOUT": LAYOUT,
        "TAKE_OVER": "1" if take_over else "",
    }
    variables = "; ".join(f"{name}={shlex.quote(str(value))}" for name, value in said.items())
    # In a shell of its own: its names are not the command's.
    return f"({variables}\n{SCRIPT.read_text()}) || exit 1\n"
