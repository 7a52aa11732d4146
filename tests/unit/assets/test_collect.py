"""What a folder has beside ordinary files, and names that are trouble elsewhere."""

import mmap
import os
import re
import socket
import unicodedata

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.files.storage import FileSystemStorage
from django.test.utils import override_settings

from slipway.tool.assets import collect as collecting
from slipway.tool.assets import images, reading
from slipway.tool.assets.collect import Source, collect, names_that_are_one_elsewhere
from slipway.tool.assets.hashing import Hasher
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject

FINDER = "django.contrib.staticfiles.finders.FileSystemFinder"


@pytest.fixture
def assets(tmp_path):
    """A project's folder of static files, which the finders list."""
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "a.css").write_text("a{}")
    # The finders of a process are made once.
    get_finder.cache_clear()
    module = os.environ["DJANGO_SETTINGS_MODULE"]
    with override_settings(STATICFILES_DIRS=[folder], STATICFILES_FINDERS=[FINDER], SETTINGS_MODULE=module):
        yield folder
    get_finder.cache_clear()


def rejected() -> str:
    with pytest.raises(SlipwayError) as error:
        collect()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_link_to_nowhere_is_named_with_its_end(assets):
    (assets / "b.css").symlink_to("gone.css")
    assert rejected() == f"{assets}/b.css: is a link to gone.css, which does not exist"


def test_a_link_to_itself_is_named(assets):
    (assets / "b.css").symlink_to("b.css")
    assert rejected() == f"{assets}/b.css: is a link in a circle; remove it"


def test_a_link_to_a_folder_around_it_is_named(assets):
    (assets / "img").mkdir()
    (assets / "img" / "e.png").touch()
    (assets / "img" / "again").symlink_to("..")
    assert rejected() == f"{assets}/img/again: is a link to a folder that it is in, a circle; remove the link"


def test_folders_of_nothing_but_links_to_themselves_end_too(assets):
    (assets / "img").mkdir()
    for name in "ab":
        (assets / "img" / name).symlink_to(".")
    assert re.fullmatch(rf"{assets}/img/[ab]: is a link in a circle; remove it", rejected())


def test_a_link_out_of_the_folder_is_followed(assets, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "s.css").write_text("s{}")
    (assets / "shared").symlink_to(tmp_path / "shared")
    (assets / "t.css").symlink_to(tmp_path / "shared" / "s.css")
    found = collect()
    assert found["shared/s.css"].body == found["t.css"].body == b"s{}"
    assert found["shared/s.css"].own


def test_what_a_link_takes_from_an_installed_package_is_the_package_s(assets, tmp_path):
    dist = tmp_path / "node_modules" / "chart" / "dist"
    dist.mkdir(parents=True)
    (dist / "chart.css").touch()
    (assets / "chart").symlink_to(dist)
    found = collect()
    assert (found["a.css"].own, found["chart/chart.css"].own) == (True, False)


def test_a_named_pipe_is_named_and_not_waited_for(assets):
    os.mkfifo(assets / "pipe.css")
    assert rejected() == f"{assets}/pipe.css: is a named pipe, which cannot be pushed; remove it"


def test_a_socket_is_named(assets, monkeypatch):
    monkeypatch.chdir(assets)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s.css")
        assert rejected() == f"{assets}/s.css: is a socket, which cannot be pushed; remove it"


def test_a_file_that_may_not_be_read_is_named(assets, monkeypatch):
    def read_bytes(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", read_bytes)
    assert rejected() == f"{assets}/a.css: cannot be read: Permission denied"


@pytest.mark.parametrize("name", [".#a.css", "#a.css#", "a.css~", ".a.css.swp"])
def test_editors_files_are_left_out(assets, name):
    (assets / name).symlink_to("me@laptop.1234:1700000000")
    assert list(collect()) == ["a.css"]


def test_a_file_that_is_gone_since_it_was_listed_is_left_out(assets, monkeypatch):
    """As Vim's 4913, which it makes and removes."""
    storage = FileSystemStorage(assets)
    monkeypatch.setattr(collecting, "_listed", lambda *_: [("4913", storage), ("a.css", storage)])
    assert list(collect()) == ["a.css"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (b"caf\xe9.css", "caf\\udce9.css: its name is not UTF-8; rename it"),
        (b"a\nb.css", "a\\nb.css': its name has a control character; rename it"),
        (b"/".join([b"x" * 250] * 4) + b".css", "its name has more than 1000 bytes; shorten it"),
    ],
)
def test_a_name_that_no_object_can_have_is_rejected(assets, name, message):
    path = assets / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert message in rejected()


@pytest.mark.parametrize(
    "name", ["a b.css", "a'b.css", 'a"b.css', "a%b.css", "a#b.css", "é.css", "日本.css", "x" * 250]
)
def test_other_names_are_taken(assets, name):
    (assets / name).touch()
    assert name in collect()


@pytest.mark.parametrize("name", ["film.mp4", "photo.jfif"])
def test_a_large_file_that_nothing_reads_inside_stays_on_the_disk(assets, monkeypatch, name, tmp_path):
    monkeypatch.setattr(reading, "LARGE", 10)
    content = b"\xff\xd8\xff" + bytes(2000)
    (assets / name).write_bytes(content)
    (assets / "a.css").write_bytes(b"a{b:url(%s)}" % name.encode())
    found = collect()
    assert isinstance(found[name].body, mmap.mmap)
    images.optimise(found.values(), tmp_path)
    files = Hasher(found).all()
    made, expected = (StaticObject.hashed(name, body) for body in (files[name].body, content))
    assert (made.md5, made.headers, bytes(made.body)) == (expected.md5, expected.headers, content)
    assert files[name].name.encode() in files["a.css"].body


def test_text_that_names_its_encoding_comes_in_utf_8_and_other_text_is_a_warning(assets):
    (assets / "b.css").write_bytes(b'@charset "iso-8859-1";\n/* \xe9 */')
    (assets / "c.css").write_bytes(b"\n/* \xe9 */")
    warnings = []
    assert collect(warnings=warnings)["b.css"].body.decode() == '@charset "utf-8";\n/* é */'
    assert warnings == [f"{assets}/c.css:2: is not UTF-8; save it as UTF-8"]


def named(*names: str, own: bool = True) -> list[str]:
    return list(names_that_are_one_elsewhere(Source(name, f"/there/{name}", b"", own) for name in names))


def test_names_that_differ_by_case_alone_are_a_warning_with_both():
    (warning,) = named("img/Logo.png", "img/logo.png", "img/other.png")
    assert warning == (
        "/there/img/logo.png: differs from /there/img/Logo.png by case alone, and macOS and Windows keep one of the "
        "two; rename one"
    )
    assert named("a.css", "A.css", own=False) == []


@pytest.mark.parametrize("name", ["50%.png", "c#.png", "what?.png"])
def test_a_name_that_no_tag_can_have_is_a_warning(name):
    (warning,) = collecting.names_that_no_tag_can_have([Source(name, f"/there/{name}", b"", own=True)])
    assert warning.startswith(f"/there/{name}: its name has a ")


def test_names_that_differ_by_their_unicode_form_alone_say_which_is_which():
    composed, decomposed = (unicodedata.normalize(form, "café.css") for form in ("NFC", "NFD"))
    (warning,) = named(composed, decomposed)
    assert "by Unicode form (here NFD) alone" in warning
