"""django-vite loads the files of a build in production, and nothing from Vite's development server.

A project writes `"dev_mode": DEBUG` above the line that sets DEBUG to False.
"""

from collections.abc import Mapping
from typing import Any

OLD = "DJANGO_VITE_DEV_MODE"


def settings(own: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if isinstance(own.get("DJANGO_VITE"), Mapping):
        given["DJANGO_VITE"] = {name: _built(config) for name, config in own["DJANGO_VITE"].items()}
    if OLD in own:
        given[OLD] = False
    return given


def _built(config: Any) -> Any:
    """``config`` is a dict, or django-vite's own DjangoViteConfig."""
    return {**config, "dev_mode": False} if isinstance(config, Mapping) else config._replace(dev_mode=False)
