"""Which files are taken over."""

import subprocess

import pytest

from slipway.tool.adopt import files, source
from slipway.web.errors import SlipwayError

OTHERS = {
    ".env": "SECRET_KEY=x",
    "db.sqlite3": "",
    "collected/static/a.css": "",
    "media/photo.jpg": "",
    "shop/__pycache__/a.pyc": "",
    "front/node_modules/a/index.js": "",
    "virtual/pyvenv.cfg": "",
    "virtual/lib/a.py": "",
    "Dockerfile": "",
    "docker-compose.yml": "",
}


@pytest.mark.parametrize("git", [True, False])
def test_code_and_data_are_taken_and_what_is_made_or_held_elsewhere_is_not(git, site, write):
    write(site, OTHERS | {"shop/fixtures/start.json": "[]", "templates/media/a.html": ""})
    if git:
        write(site, {".gitignore": "/virtual/\nnode_modules\n"})
        subprocess.run(["git", "init", "-q", site], check=True)
    taken, left = files.wanted(source.find(site))
    assert sorted(map(str, taken)) == [
        "shop/__init__.py",
        "shop/fixtures/start.json",
        "shop/settings.py",
        "shop/urls.py",
        "shop/wsgi.py",
        "templates/media/a.html",
    ]
    assert {"Dockerfile", "manage.py", "requirements.txt", "db.sqlite3", "collected/static", "media"} <= set(left)


def test_a_link_becomes_what_it_refers_to(site, tmp_path):
    (site / "shop" / "linked.py").symlink_to("urls.py")
    found = source.find(site)
    files.copy(found, files.wanted(found)[0], tmp_path / "to")
    copied = tmp_path / "to" / "shop" / "linked.py"
    assert copied.read_text() == "urlpatterns = []\n" and not copied.is_symlink()


def test_data_is_not_taken_for_code(site, monkeypatch):
    monkeypatch.setattr(files, "MOST", 10)
    with pytest.raises(SlipwayError, match=r"MB would be taken.*\.gitignore"):
        files.wanted(source.find(site))


def test_settings_that_do_not_parse_are_named_with_their_line(site):
    (site / "shop" / "settings.py").write_text("\nDEBUG = = True\n")
    with pytest.raises(SlipwayError, match=r"mysite/shop/settings.py:2: invalid syntax"):
        files.wanted(source.find(site))
