"""Two builds of the same sources are identical, and a release has no static files."""

import json
import tarfile

import pytest

from agent.unpack import opened, unpack
from tests.integration.checkout.checkout import Checkout


def built(checkout):
    """Builds and packs; gives manifests and tarball as bytes."""
    checkout.write("assets/img/sea.png", PNG)
    checkout.write("assets/js/m.js", "import './n.js'; export const m = 1")
    checkout.write("assets/js/n.js", "import './m.js'; export const n = 1")
    checkout.write("assets/site.webmanifest", '{"icons":[{"src":"img/sea.png"}]}')
    for command in (
        ["manage.py", "collectstatic", "--noinput"],
        ["manage.py", "pack", "build/release.tar.gz"],
    ):
        done = checkout.python(*command)
        assert (done.returncode, done.stderr) == (0, "")
    build = checkout.root / "build"
    files = {path.name: path.read_bytes() for path in (build / "manifests").iterdir()}
    return files | {"release.tar.gz": (build / "release.tar.gz").read_bytes()}


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da63fccfc0f01f0004050200e1b5c2950000000049454e44ae426082"
)


def test_built_twice_in_two_directories_they_are_the_same(tmp_path, bucket):
    first = Checkout(tmp_path / "one", bucket.url)
    second = Checkout(tmp_path / "elsewhere" / "and-deeper", bucket.url)
    # Another order of the same files on disk, and another hash seed.
    for path in sorted((second.root / "project").rglob("*"), reverse=True):
        if path.is_file():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)
    first.environment["PYTHONHASHSEED"], second.environment["PYTHONHASHSEED"] = "1", "2"
    once = built(first)
    sent = dict(bucket.objects)
    bucket.objects.clear()
    assert built(second) == once
    assert {key: body for key, (body, _) in bucket.objects.items()} == {key: body for key, (body, _) in sent.items()}


def test_the_manifests_are_sorted(checkout):
    files = built(checkout)
    manifests = {"compress.json", "importmap.json", "objects.json", "staticfiles.json"}
    assert set(files) == manifests | {"503.html", "release.tar.gz"}
    for name, path in [("staticfiles.json", "paths"), ("objects.json", "objects"), ("importmap.json", "imports")]:
        entries = list(json.loads(files[name])[path])
        assert entries == sorted(entries) != []
    assert list(json.loads(files["compress.json"])) == sorted(json.loads(files["compress.json"]))


@pytest.fixture
def members(checkout):
    checkout.write("wall/static/wall/wall.css", "a{}")
    checkout.write("wall/__init__.py", "")
    checkout.write("wall/tests/test_wall.py", "")
    checkout.write("wall/db.sqlite3", "rows")
    checkout.write(".env", "SECRET_KEY=secret")
    checkout.settings('INSTALLED_APPS += ["wall"]\n')
    built(checkout)
    with tarfile.open(checkout.root / "build" / "release.tar.gz") as archive:
        return {member.name: member for member in archive.getmembers()}


def test_a_release_holds_code_and_manifests_and_no_static_bytes(members):
    files = {name for name, member in members.items() if member.isfile()}
    assert {"manage.py", "project/settings.py", "project/wall/__init__.py", "project/templates/page.html"} < files
    assert {
        "deploy/slipway/web/storage.py",
        "deploy/slipway/web/media/__init__.py",
        "build/manifests/staticfiles.json",
    } < files
    assert not [name for name in files if name.startswith(("project/assets/", "build/static/"))]
    assert not [name for name in files if "/static/" in name or "sqlite" in name or ".env" in name]
    assert not [name for name in files if name.endswith((".css", ".js", ".svg", ".png", ".ico", ".pyc"))]


def test_owners_times_and_order_of_a_release_say_nothing_of_the_machine(members):
    assert {(member.uid, member.gid, member.mtime, member.uname) for member in members.values()} == {(0, 0, 0, "")}
    assert list(members) == sorted(members)


def test_what_differs_is_in_a_file_beside_the_tarball(checkout):
    built(checkout)
    description = json.loads((checkout.root / "build" / "release.json").read_text())
    assert set(description) == {"id", "created", "sha256", "bytes", "sign_in_paths"}
    assert description["id"].endswith(description["sha256"][:8])


def test_where_passwords_are_taken_is_known_before_anything_is_built(checkout):
    login = "from django.contrib.auth.views import LoginView\nfrom django.urls import path\n"
    checkout.write("urls.py", login + "urlpatterns = [path('in/', LoginView.as_view())]\n")
    done = checkout.manage("sign_in_paths", "build/paths.json")
    assert done.returncode == 0, done.stderr
    paths = json.loads((checkout.root / "build" / "paths.json").read_text())
    built(checkout)
    assert paths == json.loads((checkout.root / "build" / "release.json").read_text())["sign_in_paths"] != []


def test_without_manifests_there_is_no_release(checkout):
    done = checkout.python("manage.py", "pack", "build/release.tar.gz")
    assert done.returncode == 1
    assert done.stderr.startswith("slipway: ")
    assert "run `python manage.py collectstatic` first" in done.stderr


URLS = """
from django.urls import path
from django.views.generic import TemplateView
urlpatterns = [path('', TemplateView.as_view(template_name='page.html'))]
"""
RENDER = """
import sys
import django
django.setup()
from django.test import Client
print(Client(HTTP_HOST='www.example.com', HTTP_X_FORWARDED_PROTO='https').get('/').content.decode())
assert not {'boto3', 'botocore', 'tree_sitter', 'quickjs', 'oxipng'} & set(sys.modules)
"""


def test_a_page_of_the_unpacked_release_names_the_hashed_files(checkout, tmp_path):
    checkout.write("urls.py", URLS)
    checkout.write("render.py", RENDER)
    built(checkout)
    objects = json.loads((checkout.root / "build/manifests/objects.json").read_text())["objects"]
    (tmp_path / "current").mkdir()
    with opened(checkout.root / "build" / "release.tar.gz") as archive:
        unpack(archive, tmp_path / "current")
    checkout.root = tmp_path / "current"
    deploy = tmp_path / "current" / "deploy"
    done = checkout.python("-m", "render", PYTHONPATH=f"{tmp_path / 'current' / 'project'}:{deploy}")
    assert done.returncode == 0, done.stderr
    for kind in ("css", "js"):
        (bundle,) = [key for key in objects if "/CACHE/" in key and key.endswith(kind)]
        assert f'"https://static.example.com/{bundle.removeprefix("static/")}"' in done.stdout
