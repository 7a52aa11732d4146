"""Paths as messages show them."""

import os
from pathlib import Path, PurePath

from slipway import ROOT


def shown(path: str | os.PathLike[str]) -> str:
    """The path relative to the checkout."""
    pure = absolute(ROOT / path)
    return str(pure.relative_to(ROOT) if pure.is_relative_to(ROOT) else pure)


def absolute(path: str | os.PathLike[str]) -> PurePath:
    """Without `..`, and with its links, as Django's `safe_join` spells the paths of templates: two of them compare."""
    return PurePath(os.path.normpath(Path(path).absolute()))
