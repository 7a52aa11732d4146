"""A web manifest is the file that a page links as one, whatever it is called."""

import json

import pytest
from django.test.utils import override_settings

from slipway.tool.assets import pipeline, webmanifest
from slipway.tool.assets.hashing import Hasher
from slipway.web.errors import SlipwayError
from tests.unit.assets.sources import SITE, STATIC, sources


@pytest.mark.parametrize(
    "page",
    [
        """<link rel="manifest" href="{% static 'pwa/app.json' %}">""",
        """<LINK REL=manifest HREF={% static "pwa/app.json" %}>""",
        """<link href='{% static "pwa/app.json" %}' rel='manifest' crossorigin="use-credentials">""",
        """<link\n  rel="icon manifest"\n  href="{% static 'pwa/app.json' %}"\n/>""",
        """{% static 'pwa/app.json' as manifest %}<link rel="manifest" href="{{ manifest }}">""",
        """<link rel="manifest" {% if a > b %}x{% endif %} href="{% static 'pwa/app.json' %}">""",
        """<link rel="manifest" href="{{ static('pwa/app.json') }}">""",
        """<link rel="manifest" href="/static/pwa/app.json?v=2">""",
        f"""<link rel="manifest" href="{STATIC}pwa/app.json">""",
        """<meta name="msapplication-config" content="{% static 'pwa/app.json' %}">""",
    ],
)
def test_the_link_of_a_page_names_it(page):
    assert webmanifest.linked([page.encode()]) == {"pwa/app.json"}


@pytest.mark.parametrize(
    "page",
    [
        """<link rel="stylesheet" href="{% static 'a.css' %}"> manifest""",
        """<link rel="manifest" href="{% url 'manifest' %}">""",
        """<link rel="manifest" href="{{ manifest }}">""",
        """<link rel="manifest" href="https://elsewhere.example/app.json">""",
        """<link data-rel="manifest" rel="preload" href="{% static 'a.json' %}">""",
    ],
)
def test_other_links_name_none(page):
    assert webmanifest.linked([page.encode()]) == set()


@pytest.mark.parametrize("name", ["pwa/manifest.json", "pwa/app.json", "pwa/manifest", "pwa/site.WEBMANIFEST"])
def test_a_linked_file_is_handled_as_a_web_manifest(name):
    body = json.dumps({"icons": [{"src": "icon.png"}], "start_url": "/", "note_taking": {"new_note_url": "/note"}})
    files = Hasher(sources({name: body, "pwa/icon.png": b"i"}), {name}).all()
    made = json.loads(files[name].body)
    assert made["icons"][0]["src"] == STATIC + files["pwa/icon.png"].name
    assert (made["start_url"], made["scope"]) == (f"{SITE}/", f"{SITE}/")
    assert made["note_taking"]["new_note_url"] == f"{SITE}/note"


def test_a_file_that_no_page_links_stays():
    body = b'{"icons": [{"src": "gone.png"}]}'
    assert Hasher(sources({"manifest.json": body})).all()["manifest.json"].body == body


def test_a_byte_order_mark_is_no_part_of_it():
    files = Hasher(sources({"m.json": b'\xef\xbb\xbf{"name": "x"}'}), {"m.json"}).all()
    assert json.loads(files["m.json"].body)["name"] == "x"


def test_one_that_names_itself_as_its_icon_is_rejected():
    with pytest.raises(SlipwayError, match=r"/there/m\.json: names itself as an image"):
        Hasher(sources({"m.json": '{"icons": [{"src": "m.json"}]}'}), {"m.json"}).all()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"a": NaN}', "/there/m.json:1: is not JSON: NaN is no value"),
        (b"[" * 100_000, "/there/m.json:1: has too many brackets"),
        (b"{\n\xe9}", "/there/m.json:2: is not UTF-8"),
        (b"", "/there/m.json:1: is not JSON"),
    ],
)
def test_what_no_browser_reads_is_an_error_with_its_line(body, message):
    with pytest.raises(SlipwayError) as error:
        Hasher(sources({"m.json": body}), {"m.json"}).all()
    assert str(error.value).startswith(message)


CONFIG = """<?xml version="1.0"?>
<browserconfig><msapplication><tile><!-- <x src="old.png"/> -->
<square150x150logo src="tile.png"/><wide310x150logo src='../wide.png?v=1'/>
</tile></msapplication></browserconfig>"""


@pytest.mark.parametrize("name", ["pwa/browserconfig.xml", "pwa/BrowserConfig.XML", "pwa/tiles.xml"])
def test_icons_of_a_browserconfig_are_hashed(name):
    files = Hasher(sources({name: CONFIG, "pwa/tile.png": b"t", "wide.png": b"w"}), {"pwa/tiles.xml"}).all()
    tile, wide = (files[icon].name.rpartition("/")[2] for icon in ("pwa/tile.png", "wide.png"))
    expected = CONFIG.replace('"tile.png"', f'"{tile}"').replace("../wide.png", f"../{wide}")
    assert files[name].body.decode() == expected


def test_an_icon_of_a_browserconfig_that_is_missing_stops_nothing():
    hasher = Hasher(sources({"browserconfig.xml": CONFIG, "wide.png": b""}))
    hasher.all()
    assert hasher.warnings[0] == "/there/browserconfig.xml:3: tile.png does not exist"


def test_a_name_in_the_setting_that_no_file_has_is_one_line_with_the_near_one():
    with override_settings(SLIPWAY_WEB_MANIFESTS=["app.json"]):
        assert pipeline.web_manifests([], {"app.json": ""}) == {"app.json"}
        with pytest.raises(SlipwayError) as caught:
            pipeline.web_manifests([], {"App.json": ""})
    assert str(caught.value) == "SLIPWAY_WEB_MANIFESTS: app.json does not exist; did you mean App.json?"
