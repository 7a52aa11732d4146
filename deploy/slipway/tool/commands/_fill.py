"""Fills in a site.yml by editing its lines, so that every comment and every default stays where it was."""

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
    """``text`` with the names under one domain moved to another: hosts, and what is called after it with dashes."""
    for before, after in ((old, new), (old.replace(".", "-"), new.replace(".", "-"))):
        text = re.sub(rf"(?<![\w-]){re.escape(before)}(?!\w)", after, text)
    return text


def _set(text: str, key: str, value: str) -> str:
    line = f"{key}: {_scalar(value)}"
    # A line in force goes before the example that is commented out.
    for form in (rf"^({key}:.*)$", rf"^#({key}:.*)$"):
        match = re.search(form, text, re.MULTILINE)
        if match:
            return text[: match.start()] + (line if value else f"#{match[1]}") + text[match.end() :]
    return f"{text.rstrip()}\n{line}\n" if value else text


def _scalar(value: str) -> str:
    # A server may be called `no` or 1e3, which YAML takes for something else.
    return value if yaml.safe_load(value) == value else json.dumps(value)
