"""Which files of a project a release has."""

import os
import socket

import pytest

from slipway.tool.pack import contents as module
from slipway.tool.pack.contents import READ_AND_SERVED, STATIC, UPLOADS, contents
from slipway.web.errors import SlipwayError


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes files of project/ and says what folders of it are; returns the folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PROJECT", folder)

    def make(*names, **kinds):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        known = {folder / name.replace("__", "/"): kind for name, kind in kinds.items()}
        monkeypatch.setattr(module, "_kinds", lambda: known)
        return folder

    return make


def names(*ship):
    return [name.removeprefix("project/") for name in sorted(contents(ship).files)]


def test_a_folder_s_name_decides_nothing(project):
    files = ["templates/tests/index.html", "tests/__init__.py", "tests/views.py", "tests.py", "data/static/rates.csv"]
    project(*files, "assets/a.css", templates=None, assets=STATIC)
    assert names() == sorted(files)


def test_the_nearest_folder_that_django_knows_counts(project):
    project(
        "front/static/app.js",
        "front/static/pages/home.html",
        "front/static/pages/img/logo.png",
        "front/static/shop/models.py",
        "front/static/shop/static/shop.css",
        front__static=STATIC,
        front__static__pages=None,
        front__static__shop=None,
        front__static__shop__static=STATIC,
    )
    assert names() == ["front/static/pages/home.html", "front/static/pages/img/logo.png", "front/static/shop/models.py"]
    assert contents().left_out == {STATIC: {"project/front/static", "project/front/static/shop/static"}}


def test_of_a_folder_with_templates_and_static_files_the_templates_travel(project):
    project("dist/index.html", "dist/robots.txt", "dist/a.JS", "dist/i/b.png", "dist/f.woff2", dist=READ_AND_SERVED)
    assert names() == ["dist/index.html", "dist/robots.txt"]


def test_hidden_files_databases_and_what_a_machine_makes_stay(project):
    project(
        ".env",
        ".secrets/key.pem",
        "db.sqlite3",
        "db.sqlite3-wal",
        "app/__pycache__/x.pyc",
        "node_modules/left-pad/index.js",
        "venv/pyvenv.cfg",
        "venv/lib/x.py",
        "media/face.jpg",
        ".gitignore",
        "app/.#models.py",
        "templates/.well-known/security.txt",
        "manage.py",
        media=UPLOADS,
    )
    assert names() == ["manage.py", "templates/.well-known/security.txt"]
    assert contents().summary() == (
        "not in the release: databases (project/db.sqlite3, project/db.sqlite3-wal), "
        "hidden (project/.env, project/.secrets), node_modules (project/node_modules), uploads (project/media), "
        "virtual environments (project/venv); `ship` in site.yml keeps what the server reads of it"
    )


def test_a_summary_names_three_of_a_kind_and_counts_the_rest(project):
    project(*(f"{number}.sqlite3" for number in range(5)), "a.py")
    assert "(project/0.sqlite3, project/1.sqlite3, project/2.sqlite3 and 2 more)" in contents().summary()


def test_where_nothing_was_left_out_nothing_is_said(project):
    project("a.py")
    assert contents().summary() == ""


@pytest.mark.parametrize(
    ("ship", "kept"),
    [
        ("project/assets/mail", ["assets/mail/a.css", "assets/mail/img/b.png"]),
        ("project/assets/mail/", ["assets/mail/a.css", "assets/mail/img/b.png"]),
        ("project/assets/*.css", ["assets/mail/a.css", "assets/site.css"]),
        ("project/.secrets", [".secrets/key.pem"]),
        ("project/data/geo.sqlite3", ["data/geo.sqlite3"]),
        ("project/node_modules/katex/katex.css", ["node_modules/katex/katex.css"]),
        ("project/assets/.vite", ["assets/.vite/manifest.json"]),
    ],
)
def test_what_is_named_travels(ship, kept, project):
    project(
        "assets/site.css",
        "assets/mail/a.css",
        "assets/mail/img/b.png",
        "assets/.vite/manifest.json",
        ".secrets/key.pem",
        "data/geo.sqlite3",
        "node_modules/katex/katex.css",
        "node_modules/other/x.js",
        assets=STATIC,
    )
    assert names() == []
    assert names(ship) == kept


def test_a_name_without_a_file_is_an_error(project):
    project("assets/mail/a.css", assets=STATIC)
    with pytest.raises(SlipwayError, match=r"site\.yml: ship: project/assets/mial names no file"):
        contents(["project/assets/mail", "project/assets/mial"])


def test_links_are_followed_once_and_broken_ones_are_named(project, tmp_path):
    folder = project("app/models.py")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "rates.csv").write_text("1")
    (folder / "data").symlink_to(tmp_path / "shared")
    (folder / "app" / "up").symlink_to("..")
    (folder / "gone.py").symlink_to("nowhere")
    assert names() == ["app/models.py", "data/rates.csv"]
    assert contents().left_out == {"broken links": {"project/gone.py"}}


def test_what_is_no_file_is_named(project, monkeypatch):
    folder = project("a.py")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("app.sock")
        os.mkfifo("pipe")
        assert names() == ["a.py"]
        assert contents().left_out == {"no regular files": {"project/app.sock", "project/pipe"}}


def test_a_folder_that_cannot_be_read_is_one_line(project, monkeypatch):
    folder = project("a.py", "b/c.py")

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(folder), "iterdir", denied)
    with pytest.raises(SlipwayError, match="project: cannot be read: Permission denied"):
        contents()
