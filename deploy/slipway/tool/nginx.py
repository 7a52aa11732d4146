"""Renders nginx/nginx.conf.j2, the one nginx configuration."""

import re
import subprocess
from collections.abc import Iterable
from typing import Any

import jinja2

from slipway import ROOT
from slipway.web.errors import SlipwayError

TEMPLATE = ROOT / "nginx" / "nginx.conf.j2"


def version(binary: str) -> str:
    """The version of the nginx at ``binary``, like ``1.26.3``."""
    said = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"nginx/([\d.]+)", said)
    if not found:
        raise SlipwayError(f"{binary}: `{binary} -v` names no nginx version")
    return found[1]


def render(**variables: Any) -> str:
    """The configuration; a variable that the template needs and misses raises SlipwayError."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    environment.tests["version"] = _compare
    try:
        return environment.from_string(TEMPLATE.read_text()).render(variables)
    except jinja2.UndefinedError as error:
        raise SlipwayError(f"{TEMPLATE.name}: {error}") from None


def expressions(paths: Iterable[str]) -> list[str]:
    """What site.yml names as paths, with * for any text, as regular expressions of whole paths."""
    # A dot would stop at a line's end.
    return [r"[\s\S]*".join(map(re.escape, path.split("*"))) + r"\Z" for path in paths]


def _compare(version: str, other: str, operator: str) -> bool:
    """Ansible's `version` test, as far as the template uses it."""
    mine, theirs = (tuple(map(int, text.split("."))) for text in (version, other))
    return {"<": mine < theirs, ">=": mine >= theirs}[operator]
