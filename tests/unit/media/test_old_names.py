"""Names that a project wrote for an older version."""

import importlib

import pytest

from slipway.web.media import errors


def test_the_old_exception_is_the_new_one():
    old = importlib.import_module("slipway.web.media.refusal")
    with pytest.warns(FutureWarning, match=r"import `UploadError` from `slipway\.web\.media\.errors`"):
        assert old.Refused is errors.UploadError
    with pytest.warns(FutureWarning, match="`DOWN`"):
        assert old.DOWN == errors.DOWN
    with pytest.raises(AttributeError):
        old.Unknown  # noqa: B018
