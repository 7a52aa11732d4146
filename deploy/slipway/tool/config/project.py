"""The project's environment, the limits of its sign-in, and exceptions from the checks."""

import re
import shlex

from slipway.tool import path_patterns
from slipway.tool.config import variables
from slipway.tool.config.forms import ALLOWED, VARIABLE
from slipway.tool.config.site import KEEP, SIGN_IN_TRIES
from slipway.tool.config.values import Values
from slipway.web.settings import dangerous


def environment(values: Values) -> dict[str, str]:
    extra = values.get("environment", {})
    for name, value in extra.items():
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            raise values.error("environment", f"{name!r} is not a variable's name")
        instead = variables.instead(name, endpoint=bool(values.get("endpoint", "")))
        if name in variables.DATABASE:
            instead = "a database elsewhere is named by DATABASE_URL in the secrets: `make secrets`"
        if instead:
            raise values.error("environment", f"{name}: Slipway sets it itself; {instead}")
        if not isinstance(value, str) or "\n" in value:
            raise values.error("environment", f"{name}: expected text on one line; put it in quotes")
    return extra


def sign_in_paths(values: Values) -> tuple[str, ...]:
    paths = values.get("sign_in_paths", [])
    for path in paths:
        if not isinstance(path, str) or not re.fullmatch(r"/[^\s?#]+", path):
            raise values.error("sign_in_paths", f"{path!r} is not a path of the site like /accounts/login/")
    return tuple(paths)


def sign_in_tries(values: Values) -> int:
    tries = values.get("sign_in_tries", SIGN_IN_TRIES)
    if not 1 <= tries <= 100:
        raise values.error("sign_in_tries", f"{tries} wrong passwords a minute; give 1 to 100")
    return tries


def build(values: Values) -> str:
    """A command for the shell."""
    return shell_command(values, "build", values.get("build", ""))


def shell_command(values: Values, key: str, command: str) -> str:
    """The ``command`` of ``key``. Raises SlipwayError where no shell would read it."""
    command = command.strip()
    if "\n" in command:
        raise values.error(key, "expected one line; put a longer command into a script")
    try:
        shlex.split(command)
    except ValueError as error:
        raise values.error(key, f"{command!r} is no command: {str(error).lower()}") from None
    return command


def ship(values: Values) -> tuple[str, ...]:
    """Paths of the checkout; only a build can tell whether they exist, since it may make them."""
    shipped = values.get("ship", [])
    for path in shipped:
        if not isinstance(path, str) or not re.fullmatch(r"project/(?!/)[^\\\n]+", path) or ".." in path.split("/"):
            raise values.error("ship", f"{path!r} is no path in the project like project/assets/mail/logo.png")
        if not path[len("project/") :].strip("*/"):
            raise values.error("ship", f"{path!r} is all of the project; name what the server reads")
    return tuple(shipped)


def keep(values: Values) -> int:
    releases = values.get("keep", KEEP)
    if releases < 2:
        raise values.error("keep", f"{releases} leaves no release to roll back to; give 2 or more")
    return releases


def paths(values: Values) -> tuple[str, ...]:
    """Pages for the proof to start from. A query may follow the path."""
    pages = values.get("paths", [])
    for page in pages:
        if not isinstance(page, str) or not re.fullmatch(r"/(?!/)[!-~]*", page) or set(page) & set('#*<>"\\'):
            raise values.error("paths", f"{page!r} is not a page of the site like /shop/")
    return tuple(pages)


def allow(values: Values) -> dict[str, str]:
    """Path, with * for any text → the reason why the proof does not check it."""
    allowed = values.get("allow", {})
    for path, reason in allowed.items():
        if not isinstance(path, str) or not ALLOWED.fullmatch(path):
            why = "is not a path of the site like /captcha/*/; it covers every query, * is any text"
            raise values.error("allow", f"{path!r} {why}")
        if "**" in path:
            raise values.error("allow", f"{path!r}: write one *, it is any text, slashes too")
        if path_patterns.allows_everything(path):
            why = "allows all of the site, or all of /static/ or /media/; name what a view makes"
            raise values.error("allow", f"{path!r} {why}")
        if not isinstance(reason, str) or not reason.strip():
            raise values.error("allow", f"{path}: missing; give the reason, which the report repeats")
    return allowed


def waive(values: Values) -> dict[str, str]:
    """Setting → the reason why it may weaken the site."""
    waived = values.get("waive", {})
    for name, reason in waived.items():
        if name not in dangerous.WAIVABLE:
            raise values.error("waive", f"{name!r} is none of {', '.join(dangerous.WAIVABLE)}")
        if not isinstance(reason, str) or not reason.strip():
            raise values.error("waive", f"{name}: missing; give the reason, which the proof's report repeats")
    return waived
