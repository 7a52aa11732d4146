"""``from slipway.settings import *``, the last line of a project's settings module.

It gives what slipway.web.settings says to the module that it stands in. In a package of settings it may stand in the
module that the others import, in each that is used, or in both.
"""

import os
import sys
from typing import Any

from slipway.web import settings


def __getattr__(name: str) -> Any:
    # A star import asks for __all__ first, and each time: the module below it on the stack is the one that imports.
    if name != "__all__":
        raise AttributeError(f"slipway.settings has no {name}; write `from slipway.settings import *`")
    values = settings.values(sys._getframe(1).f_globals, os.environ)
    globals().update(values)
    return list(values)
