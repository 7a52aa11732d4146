"""Collects, hashes, bundles and verifies the static files; sends nothing."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.tool.assets.pipeline import Build


def build(ignore: Iterable[str] | None = None, write: bool = True) -> "Build":
    """Builds all static files; see ``slipway.tool.assets.pipeline.build``."""
    # Loaded late: it needs Django's settings, and the modules beside it do not.
    from slipway.tool.assets import pipeline

    return pipeline.build(ignore, write)
