"""For one version: a project that still imports ``deploy.…`` finds what is called ``slipway.web.…`` now."""

import importlib
import importlib.abc
import importlib.util
import sys
import warnings

__path__: list[str] = []
PREFIX, NEW = "deploy.", "slipway.web."
# Those with another name since.
RENAMED = {"deploy.settings": "slipway.settings", "deploy.objects": "slipway.web.static_objects"}


def _new(name):
    return RENAMED.get(name) or NEW + name.removeprefix(PREFIX)


class Renamed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Returns the module itself under its old name, not a copy: its classes stay the same."""

    def find_spec(self, name, path=None, target=None):
        known = name.startswith(PREFIX) and importlib.util.find_spec(_new(name))
        return importlib.util.spec_from_loader(name, self) if known else None

    def create_module(self, spec):
        new = _new(spec.name)
        warnings.warn(f"write `{new}` in place of `{spec.name}`, a name of an older version", FutureWarning, 2)
        module = importlib.import_module(new)
        # The import system initializes whatever a loader returns, and would write the old name into it.
        self.own = {name: getattr(module, name, None) for name in ("__spec__", "__loader__", "__package__", "__name__")}
        return module

    def exec_module(self, module):
        for name, value in self.own.items():
            setattr(module, name, value)


# First: the parent has a real path by then, and a copy would be found on it.
sys.meta_path.insert(0, Renamed())
