"""What to do at the line of a finding: the one form for that kind of file, and what the manifest knows of the name."""

import pytest
from multidict import CIMultiDict

from static_smoke.checks.fetch import Asset
from static_smoke.checks.page_references import judge_feeds, judge_missing, judge_references
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.parse.reference import Reference
from static_smoke.rules import Rule
from static_smoke.site.manifest import Entry, Manifest
from static_smoke.source.find import Source
from static_smoke.source.fix import with_fixes
from static_smoke.verdict import Finding

SITE, CDN = "https://www.a/", "https://static.a/"
HOSTS = Hosts(SITE, CDN, "https://media.a/")
FILES = {
    "templates/base.html": '<script src="/static/js/old.js"></script>\n<link href="{% static \'css/a.css\' %}">\n',
    "templates/home.html": '<img src="/static/img/{{ n }}.png">\n<img class="cover-of-it" src="{{ cover }}">\n',
    "templates/sw.js": 'caches.open(1).then(it => it.addAll(["/static/offline.css"]))\n',
    "shop/views.py": 'COVER = "/static/covers/" + name\n\nat = FileSystemStorage(base_url="/media/")\n',
    "shop/static/app.css": "body { background: url(/static/img/rail.svg) }\n",
    "shop/static/app.js": "import('/static/js/lazy.js')\n",
    "shop/static/site.webmanifest": '{"src": "/static/icon.png"}\n',
}
PIN = '<img src="/static/pinboard/logo.png">\n'


def source(tmp_path, files: dict[str, str]) -> Source:
    for name, text in {**files, "../packages/pinboard/templates/pinboard/pin.html": PIN}.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Source(tmp_path / "project", [tmp_path / "packages"])


def fix(found: Source | None, place: str, url: str, rule: Rule = Rule.WRITTEN, manifest: Manifest | None = None) -> str:
    finding = Finding(rule.check, url, SITE, "", rule.fix, rule=rule.name, written=({"place": place, "text": ""},))
    return with_fixes([finding], found, HOSTS, manifest or Manifest())[0].fix


@pytest.mark.parametrize(
    ("place", "path", "expected"),
    [
        ("templates/base.html:1", "static/js/old.js", "write {% static 'js/old.js' %} in place of /static/js/old.js"),
        ("templates/base.html:2", "static/css/a.0123456789ab.css", f"set STATIC_URL to {CDN}: this line is right"),
        (
            "templates/home.html:1",
            "static/img/1.png",
            "build the path with {% static %}, without /static/: here {% static 'img/1.png' %}",
        ),
        (
            "templates/home.html:2",
            "static/covers/1.jpg",
            'give this line\'s variable a URL that Python made with static("covers/1.jpg")',
        ),
        ("templates/sw.js:1", "static/offline.css", "write {% static 'offline.css' %} in place of /static/offline.css"),
        (
            "shop/views.py:1",
            "static/covers/1.jpg",
            'write static("covers/1.jpg") in place of the path (from django.templatetags.static import static)',
        ),
        (
            "shop/static/app.css:1",
            "static/img/rail.svg",
            "write the path relative to this stylesheet, such as url(../img/rail.svg)",
        ),
        (
            "shop/static/app.js:1",
            "static/js/lazy.js",
            'import by a path relative to this script, as in import("./name.js"), '
            "or let a template hand it the URL: {% static 'js/lazy.js' %}",
        ),
        ("shop/static/site.webmanifest:1", "static/icon.png", "write the path relative to this file"),
        (
            "pinboard/templates/pinboard/pin.html:1",
            "static/pinboard/logo.png",
            "copy the template to templates/pinboard/pin.html and "
            "write {% static 'pinboard/logo.png' %} in place of /static/pinboard/logo.png there: "
            "do not edit the package",
        ),
        ("templates/home.html:1", "static/img/", Rule.WRITTEN.fix),
    ],
)
def test_a_line_gets_the_form_for_its_kind_of_file(tmp_path, place, path, expected):
    assert fix(source(tmp_path, FILES), place, SITE + path) == expected


@pytest.mark.parametrize("rule", [Rule.WRITTEN_MAYBE, Rule.LINKED, Rule.ASKED, Rule.ARRIVED])
def test_whoever_saw_it_the_line_says_what_to_do(tmp_path, rule):
    said = fix(source(tmp_path, FILES), "templates/sw.js:1", f"{SITE}static/offline.css", rule)
    assert said == "write {% static 'offline.css' %} in place of /static/offline.css"


def test_without_a_line_the_rules_own_fix_stands():
    finding = Finding("B", f"{SITE}static/a.css", SITE, "", Rule.ASKED.fix, rule="ASKED")
    assert with_fixes([finding], None, HOSTS, Manifest()) == [finding]


def test_a_name_that_no_manifest_knows_is_no_collected_file(tmp_path):
    found, url = source(tmp_path, FILES), f"{SITE}static/js/old.js"
    missing = fix(found, "templates/base.html:1", url, manifest=Manifest([Entry("a.js", False, "staticfiles.json")]))
    assert missing.startswith("no file js/old.js is among the collected files: add it, and write {% static 'js/old.js'")
    assert missing.endswith("; or take the line out")
    known = Manifest([Entry("js/old.0123456789ab.js", True, "objects.json")])
    assert fix(found, "templates/base.html:1", url, manifest=known).startswith("write {% static 'js/old.js' %}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STATIC_URL = 'https://static.a/'\nSTATIC_URL = '/static/'\n", "delete this line: line 1 sets STATIC_URL too"),
        ("STATIC_URL = env('CDN')\nSTATIC_URL = '/static/'\n", "delete this line: line 1 sets STATIC_URL too"),
        ("STATIC_URL = '/s/'\nSTATIC_URL = '/static/'\n", f"set STATIC_URL to {CDN}"),
        (
            "from x.settings import *\nSTATIC_URL = '/static/'\n",
            f"set STATIC_URL to {CDN}, or delete this line if the import in line 1 sets it",
        ),
        ("A = 1\nSTATIC_URL = '/static/'\n", f"set STATIC_URL to {CDN}"),
    ],
)
@pytest.mark.parametrize("rule", [Rule.NO_CDN, Rule.NO_STATIC_HOST])
def test_a_static_url_that_is_set_twice_says_which_line_to_delete(tmp_path, rule, text, expected):
    found = source(tmp_path, {"settings.py": text})
    place = found.where(rule, f"{SITE}static/a.css")[0]["place"]
    assert (place, fix(found, place, f"{SITE}static/a.css", rule)) == ("settings.py:2", expected)


def test_a_storage_in_a_folder_is_to_be_the_default_one(tmp_path):
    said = fix(source(tmp_path, FILES), "shop/views.py:3", f"{SITE}media/a.jpg", Rule.WRITTEN_MEDIA)
    assert said.startswith("use the default storage in place of FileSystemStorage")


def test_an_upload_is_called_one():
    url = f"{SITE}media/a.jpg"
    facts = [
        *judge_references([Reference(url, SITE, "<img src>", "image")], HOSTS),
        *judge_feeds({SITE: f'<img src="{url}">'}, HOSTS),
    ]
    assert [fact.what for fact in facts] == [
        "<img src> names an uploaded file on the origin",
        "the feed names an uploaded file on the origin",
    ]


@pytest.mark.parametrize(("status", "pushed"), [(404, True), (403, True), (500, False), (0, False)])
def test_a_missing_object_of_the_manifest_is_to_be_pushed_again(status, pushed):
    url = f"{CDN}img/a.0123456789ab.jpg"
    asset = Asset(url, "image", SITE, answers=[Answer(url, status, CIMultiDict(), b"")])
    known = Manifest([Entry("img/a.0123456789ab.jpg", True, "objects.json")])
    for manifest in (known, Manifest()):
        (fact,) = judge_missing({url: asset}, [Reference(url, SITE, "<img src>", "image")], HOSTS, manifest)
        again = "it is in the release's manifest and missing in the bucket: push again"
        assert fact.fix == (again if pushed and manifest is known else "")
