"""The import paths of an older clone resolve to today's modules, with a warning that names them."""

import subprocess
import sys

import pytest

from slipway import ROOT
from tests.clone import clone

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


def test_a_project_whose_modules_have_its_folders_name_is_told_so_once(tmp_path):
    project = clone(tmp_path) / "project"
    (project / "shop").mkdir(parents=True)
    (project / "shop" / "models.py").touch()
    (project / "urls.py").write_text("import project.shop.models\n")
    paths = f"{project}:{tmp_path / 'deploy'}:{tmp_path / 'deploy' / 'previous'}"
    done = subprocess.run([sys.executable, "-c", "import project.urls"], env={"PYTHONPATH": paths}, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (
        done.stderr.count(b"FutureWarning: write `settings`, `urls` and the like in place of `project.settings`") == 1
    )


def test_a_project_with_a_package_of_that_name_is_told_nothing(tmp_path):
    project = clone(tmp_path) / "project"
    (project / "project").mkdir(parents=True)
    (project / "project" / "__init__.py").touch()
    (project / "project" / "urls.py").touch()
    paths = f"{project}:{tmp_path / 'deploy'}:{tmp_path / 'deploy' / 'previous'}"
    done = subprocess.run([sys.executable, "-c", "import project.urls"], env={"PYTHONPATH": paths}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
