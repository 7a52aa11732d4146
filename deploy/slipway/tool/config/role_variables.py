"""`vars`: variables of the roles in ansible/, by their names in the roles' defaults/main.yml."""

import difflib
import re
from typing import Any

import yaml

from slipway import ROOT
from slipway.tool.config.values import WORDS, Values

DEFAULTS = "ansible/roles/*/defaults/main.yml"
# Other keys of site.yml, or what Slipway itself relies on.
REJECTED = {
    "agent_watched_files": "a deploy compares these to find drift",
    "base_group_packages": "Slipway needs these; write `packages` to add some",
    "base_interface": "the server knows it",
    "base_packages": "Slipway needs these; write `packages` to add some",
    "base_swap_file": "it is a path, and a server that has it would get a second one",
    "base_sysctl": "some of its lines are known on the server alone",
    "base_unwanted_packages": "these send passwords in plain text",
}
# Defaults that the server computes and a site may set all the same: a value of the same type and form.
COMPUTED = {"nginx_sign_in_rate": "20r/m", "nginx_sign_in_delay": 10, "nginx_sign_in_burst": 20}
# Text of one of these forms stays of it.
FORMS = (re.compile(r"[1-9]\d*[KMG]"), re.compile(r"[1-9]\d*r/[ms]"))
# What would be more than a value in a unit, a configuration file or a template.
UNSAFE = re.compile(r"""[\0-\x1f\x7f"'`$;{}\\%]""")


def named(values: Values) -> dict[str, Any]:
    """Name → value. Raises SlipwayError for a name that no role has, or that is not the site's to set."""
    given = values.get("vars", {})
    if not given:
        return {}
    defaults = _defaults() | COMPUTED
    for name, value in given.items():
        if name not in defaults:
            near = difflib.get_close_matches(str(name), defaults, 1)
            hint = f"did you mean {near[0]}?" if near else f"the names are in {DEFAULTS}"
            raise values.error("vars", f"{name}: no role has this variable; {hint}")
        default = defaults[name]
        if name in REJECTED or _is_computed(default):
            why = REJECTED.get(name, "it follows from other keys of site.yml and from the memory budget")
            raise values.error("vars", f"{name}: not a site's to set: {why}")
        if problem := _problem(value, default):
            raise values.error("vars", f"{name}: {problem}")
    return dict(given)


def _defaults() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(ROOT.glob(DEFAULTS)):
        found |= yaml.safe_load(path.read_text()) or {}
    return found


def _is_computed(default: Any) -> bool:
    return "{{" in str(default)


def _problem(value: Any, default: Any) -> str:
    """What is wrong with a value in place of this default; "" where nothing is."""
    if type(value) is not type(default):
        return f"expected {WORDS.get(type(default), 'yes or no')} like {default!r}, got {value!r}"
    if isinstance(value, int) and value < 0:
        return f"{value} is less than 0"
    if isinstance(value, list):
        missing = [str(each) for each in default if each not in value]
        wrong = [each for each in value if default and (type(each) is not type(default[0]) or UNSAFE.search(str(each)))]
        if wrong:
            return f"{wrong[0]!r} is no entry like {default[0]!r}"
        return f"it takes the place of the default, and is without its {', '.join(missing)}" if missing else ""
    if isinstance(value, str) and UNSAFE.search(value):
        return f"{value!r} has a character that is no part of a value"
    for form in FORMS:
        if isinstance(value, str) and form.fullmatch(default) and not form.fullmatch(value):
            return f"{value!r} is not of the form of {default!r}"
    return ""
