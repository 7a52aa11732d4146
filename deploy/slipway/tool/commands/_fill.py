"""Fills in a site.yml by editing its lines, so that every comment and every default stays in its place."""

import json
import re
from collections.abc import Mapping

import yaml


def fill(text: str, answers: Mapping[str, str]) -> str:
    """``text`` with each answer on its key's line, commented or not before; an empty answer leaves a comment."""
    for key, value in answers.items():
        text = _set(text, key, value)
    return text


def rename(text: str, old: str, new: str) -> str:
    """``text`` with the names of one domain changed to another's: hosts, and names derived from it with dashes."""
    for before, after in ((old, new), (old.replace(".", "-"), new.replace(".", "-"))):
        text = re.sub(rf"(?<![\w-]){re.escape(before)}(?!\w)", after, text)
    return text


def _set(text: str, key: str, value: str) -> str:
    line = f"{key}: {_scalar(value)}"
    # An active line takes precedence over the commented example.
    for form in (rf"^({key}:.*)$", rf"^#({key}:.*)$"):
        match = re.search(form, text, re.MULTILINE)
        if match:
            return text[: match.start()] + (line if value else f"#{match[1]}") + text[match.end() :]
    return f"{text.rstrip()}\n{line}\n" if value else text


def _scalar(value: str) -> str:
    # A server may be called `no` or 1e3, which YAML parses as another type.
    return value if yaml.safe_load(value) == value else json.dumps(value)
