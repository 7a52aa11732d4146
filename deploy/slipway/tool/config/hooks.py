"""`hooks`: commands that run on this machine at a step of a deploy."""

import difflib

from slipway.tool.config.project import shell_command
from slipway.tool.config.site import HOOK_SECONDS
from slipway.tool.config.values import Values

NAMES = ("before_build", "before_switch", "after_deploy", "failed")
LIMIT = "timeout"
MOST_SECONDS = 3600


def commands(values: Values) -> dict[str, str]:
    """Step → the command for the shell."""
    given = values.get("hooks", {})
    for name, command in given.items():
        if name == LIMIT:
            continue
        if name not in NAMES:
            near = difflib.get_close_matches(str(name), (*NAMES, LIMIT), 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join((*NAMES, LIMIT))}"
            raise values.error("hooks", f"{name}: unknown; {hint}")
        if not isinstance(command, str) or not command.strip():
            raise values.error("hooks", f"{name}: expected a command, got {command!r}")
        shell_command(values, "hooks", command)
    return {name: given[name].strip() for name in NAMES if name in given}


def seconds(values: Values) -> int:
    """The limit of each hook."""
    limit = values.get("hooks", {}).get(LIMIT, HOOK_SECONDS)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_SECONDS:
        raise values.error("hooks", f"{LIMIT}: {limit!r} is no number of seconds from 1 to {MOST_SECONDS}")
    return limit
