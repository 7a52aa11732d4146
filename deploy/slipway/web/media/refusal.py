"""For one version: the names of slipway.web.media.errors from before it was called so."""

import warnings
from typing import Any

from slipway.web.media import errors


def __getattr__(name: str) -> Any:
    new = {"Refused": "UploadError"}.get(name, name)
    if name.startswith("__") or not hasattr(errors, new):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"import `{new}` from `{errors.__name__}` in place of `{name}` from `{__name__}`", FutureWarning, 2)
    return getattr(errors, new)
