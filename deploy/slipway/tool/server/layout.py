"""deploy/layout.yml: the server's paths, users and units, by name; and what each version changes."""

from types import SimpleNamespace
from typing import Any

import yaml

from slipway import ROOT

FILE = ROOT / "deploy" / "layout.yml"
_FILE: dict[str, Any] = yaml.safe_load(FILE.read_text())
VALUES: dict[str, Any] = _FILE["layout"]
CHANGES: dict[int, list[str]] = _FILE["layout_changes"]
LAYOUT = SimpleNamespace(**VALUES)


def changes(since: int) -> list[str]:
    """What a deploy changes on a server of layout ``since``, one line each."""
    return [line for version, lines in sorted(CHANGES.items()) if version > since for line in lines]
