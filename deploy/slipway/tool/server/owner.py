"""Checks before each command that the server is this site's, so that none reaches another site's by mistake."""

import shlex
from pathlib import Path

from slipway.tool import VERSION, config
from slipway.tool.server.layout import LAYOUT

SCRIPT = Path(__file__).with_name("owner.sh")


def claim(site: config.Site) -> str:
    """The same for CI's key: the variables with which the agent checks whose server it is."""
    return f"SLIPWAY_HOST={site.host} SLIPWAY_DOMAIN={site.domain} SLIPWAY_LAYOUT={LAYOUT.version}"


def guard(site: config.Site, *, take_over: bool, moving: bool = False) -> str:
    """Shell commands that exit with status 1 and one line on a host that another site, or a later version, has set up.

    So on one from which the site has moved, unless ``moving``. ``take_over`` accepts another site's, and never a later
    layout.
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
        "MOVE": LAYOUT.move_state,
        "MOVING": "1" if moving else "",
        "TAKE_OVER": "1" if take_over else "",
    }
    assigned = "; ".join(f"{name}={shlex.quote(str(value))}" for name, value in variables.items())
    # In a subshell: its variables must not reach the command.
    return f"({assigned}\n{SCRIPT.read_text()}) || exit 1\n"
