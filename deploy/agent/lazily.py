"""Loads each module of the agent when its first name is used: all of them take ten times as long as most commands.

https://docs.python.org/3/library/importlib.html#importlib.util.LazyLoader
"""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader


class Finder:
    """Finds what the finders after it find, for the modules of this package."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not name.startswith(f"{__package__}."):
            return None
        for finder in sys.meta_path:
            if finder is not cls and (spec := finder.find_spec(name, path, target)):
                spec.loader = LazyLoader(spec.loader)
                return spec
        return None


def start() -> None:
    """From now on. An error in a module shows when it is used: the tests import each one."""
    sys.meta_path.insert(0, Finder)
