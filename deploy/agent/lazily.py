"""Loads each module of the agent when its first name is used: all of them take ten times as long as most commands.

https://docs.python.org/3/library/importlib.html#importlib.util.LazyLoader
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader
from zipimport import ZipImportError, zipimporter


class Finder:
    """Finds the modules of this package in the program's own zip, without a look into them.

    Python's own finder compiles a module of a zip to tell its path, so it took the time that a lazy one saves.
    """

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if not name.startswith(f"{__package__}."):
            return None
        for folder in path or ():
            try:
                loader = zipimporter(folder)
                is_package = loader.is_package(name)
            except ZipImportError:
                continue
            origin = f"{folder}/{name.rpartition('.')[2]}.py"
            spec = ModuleSpec(name, LazyLoader(loader), origin=origin, is_package=is_package)
            # Its `__file__` is its origin.
            spec.has_location = True
            return spec
        return None


def start() -> None:
    """From now on. An error in a module shows when it is used: the tests import each one."""
    sys.meta_path.insert(0, Finder)
