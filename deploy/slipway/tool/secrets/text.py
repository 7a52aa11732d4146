"""Writes the vaulted file's text, and keeps the comments of its sections."""

import json
import re
from collections.abc import Mapping

from slipway.tool.secrets.sections import SECTIONS, TOP


def render(given: Mapping[str, Mapping[str, str]]) -> str:
    """The file as `make secrets` shows it; missing variables are comments."""
    lines = ["# Encrypted wherever it is on a disk; `make secrets` opens it.", f"{TOP}:"]
    for section, (about, known) in SECTIONS.items():
        lines += [f"  # {about}", f"  {section}:"]
        for name in [*known, *(name for name in given[section] if name not in known)]:
            held = given[section].get(name)
            lines.append(f"    #{name}: {known[name]}" if held is None else f"    {name}: {_quoted(held)}")
    return "\n".join(lines) + "\n"


def edit(text: str, section: str, values: Mapping[str, str | None]) -> str:
    """``text`` with each value on its name's line of the section, which may be a comment; other comments stay."""
    lines = text.splitlines()
    try:
        begin = next(number for number, line in enumerate(lines) if re.fullmatch(rf"  {section}:\s*", line)) + 1
    except StopIteration:
        lines += [f"  # {SECTIONS[section][0]}", f"  {section}:"]
        begin = len(lines)
    end = next((n for n in range(begin, len(lines)) if lines[n].strip() and lines[n][:4].strip()), len(lines))
    for name, value in values.items():
        line = (
            f"    #{name}: {SECTIONS[section][1].get(name, '')}" if value is None else f"    {name}: {_quoted(value)}"
        )
        for number in range(begin, end):
            if re.match(rf"    #?{name}:", lines[number]):
                lines[number] = line
                break
        else:
            lines.insert(begin, line)
            end += 1
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    # JSON's quotes are YAML's.
    return json.dumps(value, ensure_ascii=False)
