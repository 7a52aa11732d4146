"""Names, references and the order of hashing."""

import hashlib
import json
import unicodedata
from urllib.parse import quote

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile

from slipway.tool.assets.hashing import Hasher, did_you_mean, hashed_name
from slipway.web import static_objects
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject, name_digest
from tests.unit.assets.sources import SITE, STATIC, hashed, sources


@pytest.mark.parametrize("name", ["css/base.css", "a/x.min.js", "LICENSE", "a.b/c", "a/.hidden"])
def test_a_name_carries_the_hash_as_django_writes_it(name, tmp_path):
    storage = ManifestStaticFilesStorage(location=tmp_path)
    md5 = hashlib.md5(b"bytes").hexdigest()
    assert hashed_name(name, md5) == storage.hashed_name(name, ContentFile(b"bytes"))


def test_the_name_is_the_hash_of_the_headers_and_the_bytes_behind_it():
    files = hashed({"css/a.css": "@import 'b.css';", "css/b.css": "c{d:url(../img/e.png)}", "img/e.png": b"png"})
    for name, file in files.items():
        headers = "".join(f"{header}\n" for header in StaticObject.hashed(file.name, file.body).headers)
        assert file.name == hashed_name(name, hashlib.md5(headers.encode() + file.body).hexdigest())


def test_a_changed_image_renames_all_that_references_it():
    before = hashed({"a.css": "@import 'b.css';", "b.css": "c{d:url(e.png)}", "e.png": b"1", "f.css": "g{}"})
    after = hashed({"a.css": "@import 'b.css';", "b.css": "c{d:url(e.png)}", "e.png": b"2", "f.css": "g{}"})
    assert {name for name in before if before[name].name != after[name].name} == {"a.css", "b.css", "e.png"}


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        ("../img/e.png", "../img/{}"),
        ("../img/e.png?v=1#x", "../img/{}?v=1#x"),
        ("../css/../img/e.png", "../css/../img/{}"),
        ("/static/img/e.png", STATIC + "img/{}"),
        (STATIC + "img/e.png", STATIC + "img/{}"),
        ("//static.example.com/img/e.png", STATIC + "img/{}"),
        ("https://elsewhere.example/e.png", "https://elsewhere.example/e.png"),
        ("//elsewhere.example/e.png", "//elsewhere.example/e.png"),
        ("data:image/png;base64,AA==", "data:image/png;base64,AA=="),
        ("#mask", "#mask"),
    ],
)
def test_a_reference_gets_the_hashed_name_and_keeps_its_form(written, rewritten):
    files = hashed({"css/a.css": f'a{{b:url("{written}")}}', "img/e.png": b"png"})
    image = files["img/e.png"].name.rpartition("/")[2]
    assert files["css/a.css"].body.decode() == f'a{{b:url("{rewritten.format(image)}")}}'


def test_a_name_with_a_space_is_found_and_escaped():
    files = hashed({"a.css": "a{b:url('my%20photo.png') url('my photo.png')}", "my photo.png": b"png"})
    assert files["a.css"].body.count(b"my%20photo.") == 2


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("written", ["é/à.png", "%s"])
def test_a_reference_in_another_unicode_form_is_found(forms, written):
    name, url = (unicodedata.normalize(form, "é/à.png") for form in forms)
    url = url if written == "é/à.png" else quote(url)
    files = hashed({"css/a.css": f"a{{b:url('../{url}#x')}}", name: b"png"})
    assert files["css/a.css"].body.decode() == f"a{{b:url('{STATIC}{quote(files[name].name)}#x')}}"


def test_a_name_in_another_unicode_form_is_explained():
    hint = did_you_mean("caf\u00e9.png", ["cafe\u0301.png", "cafe.png"])
    assert hint == "; the file's name has the same letters in the Unicode form NFD; rename the file"
    hint = did_you_mean("cafe\u0301.png", ["caf\u00e9.png", "cafe.png"])
    assert hint == "; the file's name has the same letters in the Unicode form NFC; type the name again"


def test_a_backslash_is_a_slash_as_in_a_browser():
    files = hashed({"a.css": r"a{b:url('img\\e.png')}", "img/e.png": b"png"})
    assert files["a.css"].body.decode() == f"a{{b:url('{files['img/e.png'].name}')}}"


def test_a_name_for_dense_screens_keeps_its_at_sign():
    assert b"url(e@2x." in hashed({"a.css": "a{b:url(e@2x.png)}", "e@2x.png": b"png"})["a.css"].body


def test_a_script_and_its_source_map_stay_together():
    files = hashed({"a.js": "x\n//# sourceMappingURL=a.js.map\n", "a.js.map": "{}"})
    assert files["a.js"].body.decode() == f"x\n//# sourceMappingURL={files['a.js.map'].name}\n"


def test_a_source_map_inside_a_string_is_text():
    script = "x = `\n//# sourceMappingURL=a.js.map\n`;y()"
    assert hashed({"a.js": script, "a.js.map": "{}"})["a.js"].body.decode() == script


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.css", "a{}\nb{c:url(e.png)}", "/there/a.css:2: e.png points to e.png, which does not exist"),
        ("a.css", "b{c:url(IMG.png)}", "does not exist; did you mean img.png?"),
        ("a.css", "b{c:url(../../e.png)}", "points to ../../e.png, which does not exist"),
        ("a.css", "@import 'x.css';", "x.css points to x.css, which does not exist"),
        ("a.webmanifest", '{"icons":[\n{"src":"e.png"}]}', "/there/a.webmanifest:2: e.png points to e.png, which"),
    ],
)
def test_a_file_of_the_project_that_points_nowhere_is_an_error(name, body, message):
    with pytest.raises(SlipwayError) as error:
        hashed({name: body, "img.png": b""})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_root_relative_url_is_explained():
    with pytest.raises(SlipwayError, match="would be requested from the CDN host; write it relative"):
        hashed({"a.css": "b{c:url(/img/e.png)}", "img/e.png": b""})


def test_a_package_that_points_nowhere_keeps_its_url_and_is_counted():
    hasher = Hasher(sources({}, {"pkg/a.css": "b{c:url(gone.png)}"}))
    assert hasher.all()["pkg/a.css"].body == b"b{c:url(gone.png)}"
    assert hasher.warnings == ["/there/pkg/a.css:1: gone.png does not exist"]


def test_a_source_map_that_was_not_copied_is_no_error():
    hasher = Hasher(sources({"a.js": "x\n//# sourceMappingURL=gone.map"}))
    assert hasher.all()["a.js"].body == b"x\n//# sourceMappingURL="
    assert len(hasher.warnings) == 1


@pytest.mark.parametrize("name", ["a.CSS", "a.Css"])
def test_an_extension_is_one_in_any_case(name):
    files = hashed({name: "b{c:url(e.PNG)}", "e.PNG": b"png", "a.JS": "x\n//# sourceMappingURL=a.MAP\n", "a.MAP": "{}"})
    assert files[name].body.decode() == f"b{{c:url({files['e.PNG'].name})}}"
    assert files["a.MAP"].name.encode() in files["a.JS"].body


def test_a_script_that_is_its_own_source_map_is_no_circle():
    assert hashed({"a.js": "x\n//# sourceMappingURL=a.js"})["a.js"].body == b"x\n//# sourceMappingURL="


def test_a_circle_is_shown():
    files = {"a.css": "@import 'b.css';", "b.css": "x{}\n@import 'c.css';", "c.css": "@import 'a.css';"}
    with pytest.raises(SlipwayError) as error:
        hashed(files)
    assert "/there/c.css:1:" in str(error.value)
    assert str(error.value).endswith("in a circle: a.css → b.css → c.css → a.css")


def test_a_stylesheet_that_imports_itself_is_a_circle():
    with pytest.raises(SlipwayError, match=r"in a circle: a\.css → a\.css"):
        hashed({"a.css": "@import 'a.css';"})


def test_a_stylesheet_that_names_itself_by_url_is_no_import():
    body = "a{}\nb{c:url(a.css)}"
    with pytest.raises(
        SlipwayError, match=r"^/there/a\.css:2: a\.css is this file itself; name the image that is meant"
    ):
        hashed({"a.css": body})
    hasher = Hasher(sources({}, {"a.css": body}))
    assert hasher.all()["a.css"].body == body.encode()
    assert hasher.warnings == ["/there/a.css:2: a.css is this file itself"]


def test_a_circle_of_a_package_is_left_to_its_plain_names():
    hasher = Hasher(sources({}, {"a.css": "@import 'b.css';", "b.css": "@import 'a.css';"}))
    files = hasher.all()
    assert files["a.css"].body.decode() == f"@import '{files['b.css'].name}';"
    assert files["b.css"].body == b"@import 'a.css';"
    assert len(hasher.warnings) == 1


def test_icons_of_a_web_manifest_get_hashed_urls_on_the_cdn():
    manifest = {
        "start_url": "/?from=home",
        "icons": [{"src": "../img/i.png"}],
        "screenshots": [{"src": "/static/img/s.png"}],
        "shortcuts": [{"url": "/new", "icons": [{"src": "../img/i.png"}]}],
        "related_applications": [{"id": "com.example", "url": "https://play.example/"}],
    }
    files = hashed({"app/site.webmanifest": json.dumps(manifest), "img/i.png": b"i", "img/s.png": b"s"})
    rewritten = json.loads(files["app/site.webmanifest"].body)
    icon = STATIC + files["img/i.png"].name
    assert rewritten["icons"][0]["src"] == rewritten["shortcuts"][0]["icons"][0]["src"] == icon
    assert rewritten["screenshots"][0]["src"] == STATIC + files["img/s.png"].name
    assert (rewritten["start_url"], rewritten["scope"], rewritten["id"]) == (
        f"{SITE}/?from=home",
        f"{SITE}/",
        f"{SITE}/?from=home",
    )
    assert rewritten["shortcuts"][0]["url"] == f"{SITE}/new"
    assert rewritten["related_applications"] == manifest["related_applications"]


@pytest.mark.parametrize(
    ("body", "message"),
    [('{"a":1,\n"b" 2}', "/there/a.webmanifest:2: is not JSON"), ("[]", "is a JSON object"), (b"\xff", "is not UTF-8")],
)
def test_a_web_manifest_that_is_no_json_is_an_error(body, message):
    with pytest.raises(SlipwayError) as error:
        hashed({"a.webmanifest": body})
    assert message in str(error.value)


def test_a_package_s_web_manifest_goes_up_as_it_ships():
    assert hashed({}, {"a.webmanifest": "no json"})["a.webmanifest"].body == b"no json"


def test_another_type_gives_its_files_other_names_and_no_others(monkeypatch):
    """The bucket and every cache keep a hashed name with its headers for a year."""
    text, sheet = name_digest("a/list.txt", b"bytes"), name_digest("a/list.css", b"bytes")
    monkeypatch.setitem(static_objects.CONTENT_TYPES, ".txt", "text/plain")
    assert name_digest("a/list.txt", b"bytes") != text
    assert name_digest("a/list.css", b"bytes") == sheet


def test_another_lifetime_gives_every_file_another_name(monkeypatch):
    before = name_digest("a/list.txt", b"bytes")
    monkeypatch.setattr(static_objects, "IMMUTABLE", "public, max-age=15552000, immutable")
    assert name_digest("a/list.txt", b"bytes") != before
    assert name_digest("LICENSE", b"bytes") != name_digest("LICENSE.txt", b"bytes")
