"""The release that must fail its proof works, and each of its pages names a file on the origin."""

import os
import subprocess
import sys

import pytest

from rehearsal import altered
from rehearsal.steps import failed_proof
from slipway.web.errors import SlipwayError
from tests.clone import clone_of_fixture

GET = """
import django
django.setup()
from django.test import Client
print(Client(HTTP_HOST="localhost").get("/no-such-page/").content.decode())
"""


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A function that copies a clone of the fixture site, whose settings module it is given."""
    clone = clone_of_fixture(tmp_path / "clone")
    for part in altered.PARTS:
        (clone / part).mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(altered, "ROOT", clone)
    return lambda settings: failed_proof.checkout(tmp_path / "copy", settings)


def test_its_pages_name_a_file_on_the_origin(copy):
    copied = copy("fixture.settings")
    paths = os.pathsep.join(str(copied / part) for part in ("project", "deploy"))
    env = os.environ | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "fixture.settings"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", GET], env=env, cwd=copied, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '<img src="/static/a.png" alt=""></body>' in done.stdout


def test_settings_that_are_not_there_are_one_line(copy):
    with pytest.raises(SlipwayError, match=r"^shop.settings: no such module in project/; name your settings module"):
        copy("shop.settings")
