"""The import paths of an older clone lead to today's modules, with a warning that names them."""

import subprocess
import sys

import pytest

from slipway import ROOT

MOVED = {"deploy.objects": "slipway.web.static_objects", "deploy.prefixes": "slipway.web.prefixes"}


@pytest.mark.parametrize("old", MOVED)
def test_an_old_import_finds_the_module_itself(old):
    script = f"import {old} as old, {MOVED[old]} as new; assert old is new, old"
    paths = f"{ROOT / 'deploy' / 'previous'}:{ROOT / 'deploy'}"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"write `{MOVED[old]}` in place of `{old}`" in done.stderr
