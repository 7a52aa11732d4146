"""Paths as messages show them."""

import os
from pathlib import PurePath

from slipway import ROOT


def shown(path: str | os.PathLike[str]) -> str:
    """The path relative to the checkout."""
    pure = PurePath(path)
    return str(pure.relative_to(ROOT) if pure.is_relative_to(ROOT) else pure)
