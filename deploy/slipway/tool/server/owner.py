"""Whose a server is: each command there is preceded by the question, so that none reaches another site's by mistake."""

import shlex
from pathlib import Path

from slipway.tool import VERSION, config
from slipway.tool.server.layout import LAYOUT

SCRIPT = Path(__file__).with_name("owner.sh")


def claim(site: config.Site) -> str:
    """The same for the key of CI: the variables by which the server's own command knows whose server is meant."""
    return f"SLIPWAY_HOST={site.host} SLIPWAY_DOMAIN={site.domain} SLIPWAY_LAYOUT={LAYOUT.version}"


def guard(site: config.Site, *, take_over: bool) -> str:
    """The shell commands that end with status 1 and one line on a host that is not this site's, nor anybody's.

    With ``take_over`` another site's will do; a later layout never does.
    """
    variables = {
        "SERVER": site.server,
        "FILE": site.path.name,
        "HOST": site.host,
        "DOMAIN": site.domain,
        "LAYOUT": LAYOUT.version,
        "VERSION": VERSION,
        "SETTINGS": LAYOUT.agent_settings,
        "CURRENT": LAYOUT.current,
        "TAKE_OVER": "1" if take_over else "",
    }
    assigned = "; ".join(f"{name}={shlex.quote(str(value))}" for name, value in variables.items())
    # In a shell of its own: its names are not the command's.
    return f"({assigned}\n{SCRIPT.read_text()}) || exit 1\n"
