"""What site.yml says of the example, and what it has to say of the project."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from slipway.tool.commands._fill import fill
from slipway.tool.config import modules
from slipway.web.errors import SlipwayError


def write(file: Path, text: str, settings: str) -> list[str]:
    """Writes to ``file``, which stands beside the new project/, the ``text`` of the site.yml of before with its keys.

    ``settings`` is the module that the project's manage.py names. Returns what was changed. Raises SlipwayError where
    no settings or WSGI module is found.
    """
    done = ["site.yml: `seed` is off; name a management command of yours that fills an empty database, if it has one"]
    text = fill(text, {"seed": "", "settings": "", "wsgi": ""})
    file.write_text(text)
    try:
        found = modules.find_settings(file, "")
    except SlipwayError:
        # manage.py says which of them it is.
        found = modules.find_settings(file, settings)
        text = fill(text, {"settings": found})
        done.append(f"site.yml: `settings: {found}`, which manage.py names")
    modules.find_wsgi(file, "", found)
    file.write_text(text)
    return done


def named(file: Path) -> str:
    """The value of `settings` there, or ""."""
    found = re.search(r"^settings: *(\S+)", file.read_text(), re.M)
    return found[1] if found else ""


def environment(file: Path, values: Mapping[str, str]) -> None:
    """Writes `environment`, unless it has values already."""
    if values:
        entries = ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items())
        line = f"environment: {{{entries}}}"
        file.write_text(re.sub(r"^#environment:.*$", lambda _: line, file.read_text(), count=1, flags=re.M))


def allow(file: Path, paths: Mapping[str, str]) -> list[str]:
    """Writes `allow`, with the reason of each path. Returns what was changed."""
    if not paths:
        return []
    entries = ", ".join(f"{path}: {json.dumps(why)}" for path, why in paths.items())
    text = re.sub(r"^#?allow:.*$", lambda _: f"allow: {{{entries}}}", file.read_text(), count=1, flags=re.M)
    file.write_text(text)
    return [f"site.yml: `allow` has {path}: {why}" for path, why in paths.items()]


def name_front_page(file: Path, path: str) -> None:
    """Writes `paths`, by which the proof starts where the site has no page at /."""
    text = file.read_text()
    file.write_text(re.sub(r"^#?paths:.*$", f"paths: [{path}]", text, count=1, flags=re.M))
