"""`make adopt` of what `startproject` writes: its packages resolved by the index, and all checks of a deploy."""

import os
import shutil
import subprocess
import sys

from slipway.tool.adopt.exchange import EXAMPLE
from tests.clone import ROOT, clone


def run(root, *words):
    line = [sys.executable, "-m", "slipway.tool", "adopt", *words]
    # Without the fixture site's variables.
    env = {name: value for name, value in os.environ.items() if name not in ("CONFIG", "DJANGO_SETTINGS_MODULE")}
    env["PYTHONPATH"] = str(root / "deploy")
    return subprocess.run(line, cwd=root, env=env, capture_output=True, text=True, check=False)


def test_startproject_can_be_deployed_after_one_command(tmp_path):
    root = clone(tmp_path / "clone", "seed: seed_wall\n#paths: []\n")
    shutil.copytree(ROOT / "requirements", root / "requirements")
    for name in ("requirements.in", "requirements.txt"):
        shutil.copy(ROOT / name, root)
    (root / "nginx").symlink_to(ROOT / "nginx")
    (root / "project" / EXAMPLE).parent.mkdir(parents=True)
    (root / "project" / EXAMPLE).touch()
    subprocess.run([sys.executable, "-m", "django", "startproject", "shop", tmp_path], check=True)
    (tmp_path / "requirements.txt").write_text("Django~=5.2.0\n")
    source = tmp_path / "from"
    source.mkdir()
    for name in ("manage.py", "shop", "requirements.txt"):
        (tmp_path / name).rename(source / name)
    taken = run(root, "--from", str(source))
    assert taken.returncode == 0, taken.stderr
    assert "django==5.2" in (root / "project" / "lock" / "web-3.13.txt").read_text()
    judged = run(root, "--judge")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "shop.settings can be deployed" in judged.stdout
    assert "paths: [/admin/login/]" in (root / "site.yml").read_text()
    # Once more it finds the same, and has nothing to name.
    before = (root / "site.yml").read_text()
    again = run(root, "--judge")
    assert (again.returncode, (root / "site.yml").read_text()) == (0, before)
    second = run(root, "--from", str(source))
    assert second.returncode == 0 and "project/ has shop.settings already" in second.stdout
