"""``from slipway.settings import *``, the last line of a project's settings module.

It adds the settings of slipway.web.settings to the module that imports it. In a package of settings that may be the
base module, each module that is used, or both.
"""

import os
import sys
from typing import Any

from slipway.web import settings


def __getattr__(name: str) -> Any:
    # A star import reads __all__ first, every time: the importing module is the caller's frame.
    if name != "__all__":
        raise AttributeError(f"slipway.settings has no {name}; write `from slipway.settings import *`")
    values = settings.values(sys._getframe(1).f_globals, os.environ)
    globals().update(values)
    return list(values)
