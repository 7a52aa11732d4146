"""The files that keep their plain names: SLIPWAY_UNHASHED, and for one version its older name."""

import os
import subprocess
import sys

import pytest

from slipway import ROOT


@pytest.mark.parametrize(
    ("name", "warned"), [("SLIPWAY_UNHASHED", False), ("SLIPWAY_STABLE_NAMES", True)], ids=["now", "before"]
)
def test_a_project_adds_patterns_to_the_default_ones(name, warned, tmp_path):
    (tmp_path / "own.py").write_text(
        f'SECRET_KEY = "x"\nINSTALLED_APPS = []\n{name} = ["sw.js"]\nfrom slipway.settings import *\n'
    )
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": "own", "PYTHONPATH": f"{tmp_path}:{ROOT / 'deploy'}"}
    command = [sys.executable, "-c", "from django.conf import settings; print(*settings.SLIPWAY_UNHASHED)"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["favicon.ico", "robots.txt", "sw.js"]
    assert ("write SLIPWAY_UNHASHED in place of SLIPWAY_STABLE_NAMES" in done.stderr) == warned
