"""Names of static files that a browser makes at run time."""

import pytest
from django.http import HttpResponse
from django.template import engines
from django.test.utils import override_settings
from django.urls import path

from slipway.tool.assets import naming
from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.collect import Naming
from slipway.tool.assets.hashing import Hasher
from slipway.tool.assets.scripts import javascript, runtime_names
from slipway.web.errors import SlipwayError
from tests.unit.assets.sources import sources

urlpatterns = [path("sw.js", lambda request: HttpResponse("", content_type="text/javascript"))]
FILES = {"img/a.png": b"a", "img/b.png": b"b", "js/dep.js": "export {}", "js/data.json": "{}", "sw.js": "", "w.js": ""}


def decide(own, package=None, pages=None):
    """The warnings, and the project's files that go up under their plain names too."""
    made = sources({**FILES, **own}, package)
    naming.decide(made)
    engine = engines["django"].engine
    templates = [
        TemplateFile(name, f"/there/{name}", True, body.encode(), engine) for name, body in (pages or {}).items()
    ]
    with override_settings(ROOT_URLCONF=__name__):
        warnings = runtime_names.decide(made, templates).warnings
    return warnings, sorted(name for name, source in made.items() if source.own and source.naming is Naming.BOTH)


BESIDE = [
    "new URL('../img/a.png', import.meta.url)",
    "new URL(`../img/a.png`, import.meta.url).href",
    'new URL("../img/a.png?v=1", document.currentScript.src)',
    "const here = import.meta.url; fetch(new URL('../img/a.png', here))",
    "const me = document.currentScript.src\nlet i = new URL('../img/a.png', me)",
    "new window.URL('../img/a.png', import.meta.url)",
]


@pytest.mark.parametrize("script", BESIDE)
def test_a_name_beside_the_script_is_pushed_plain(script):
    assert decide({"js/a.js": script}) == ([], ["img/a.png"])


@pytest.mark.parametrize(
    "script",
    [
        "new URL(`../img/${name}.png`, import.meta.url)",
        "new URL('../img/' + name + '.png', import.meta.url)",
        "new URL('../img/', import.meta.url)",
    ],
)
def test_names_beside_the_script_are_all_that_fit(script):
    assert decide({"js/a.js": script}) == ([], ["img/a.png", "img/b.png"])


def test_a_missing_name_beside_the_script_is_an_error():
    with pytest.raises(
        SlipwayError, match=r"/there/js/a\.js:2: new URL\(\) names \.\./img/A\.png.*did you mean img/a\.png\?"
    ):
        decide({"js/a.js": "\nnew URL('../img/A.png', import.meta.url)"})


def test_a_name_beside_a_script_in_a_bundle_is_a_warning():
    """The bundle is in another folder."""
    own = {
        "js/a.js": "\nimport('./dep.js')",
        "js/b.js": BESIDE[2],
        "js/c.js": "import('chart'); import('/static/w.js')",
    }
    found = runtime_names.decide(sources({**FILES, **own}), [])
    assert found.warnings_of_bundles({"js/a.js", "js/c.js"}) == [
        "/there/js/a.js:2: ./dep.js would be beside the bundle, and is not; take the script out of {% compress %}"
    ]
    assert "../img/a.png?v=1 would be beside" in found.warnings_of_bundles({"js/b.js"})[0]


@pytest.mark.parametrize(
    ("name", "text", "plain"),
    [
        ("film/all.m3u8", '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4,\none.ts', ["film/init.mp4", "film/one.ts"]),
        (
            "film/room.gltf",
            '{"buffers": [{"uri": "room.bin"}], "images": [{"uri":"../img/a.png"}]}',
            ["film/room.bin", "img/a.png"],
        ),
        ("film/sprite.json", '{"image": "../img/a.png", "next": "other.json"}', ["img/a.png"]),
        ("film/map.svg", "<svg><image href='../img/a.png'/></svg>", ["img/a.png"]),
        ("film/frame.html", "<script src=../js/dep.js></script>", ["js/dep.js"]),
    ],
)
def test_what_a_text_names_beside_itself_is_pushed_plain(name, text, plain):
    others = dict.fromkeys(("film/init.mp4", "film/one.ts", "film/two.ts", "film/room.bin", "film/other.json"), "x")
    assert decide({**others, name: text}) == ([], plain)


def test_what_a_worker_imports_is_pushed_plain_since_no_map_reaches_it():
    files = {
        "js/w.js": "import './one.js'; self.onmessage = () => import(`./two.js`)",
        "js/one.js": "export * from './dep.js'",
        "js/two.js": "",
        "js/page.js": "import './only.js'",
        "js/only.js": "",
    }
    assert decide(files) == ([], ["js/dep.js", "js/one.js", "js/two.js"])


def test_a_cdn_that_pulls_has_no_plain_names():
    with override_settings(SLIPWAY_PULL=True):
        with pytest.raises(SlipwayError, match=r"a\.js:1: new URL\(\) requests img/a\.png by its plain name"):
            decide({"js/a.js": BESIDE[0]})
        (warning,), _ = decide({"js/a.js": "fetch('data.json')"})
    assert warning.endswith("has a hash; pass {% static 'js/data.json' %} in from a template: " + runtime_names.HELP)


WORKER = "/there/js/a.js:1: a browser starts no worker of another host, as the CDN is: "
SERVICE_WORKER = "/there/js/a.js:1: a service worker has to come from the site itself: "
SITE = "is requested from the site, which has no static files; "
PLAIN = ", whose name on the CDN has a hash"


@pytest.mark.parametrize(
    ("script", "warning"),
    [
        ("new Worker('/static/w.js')", WORKER + "/static/w.js; "),
        ("new Worker(new URL('../w.js', import.meta.url), {type: 'module'})", WORKER + "../w.js; "),
        ("new window.SharedWorker(`w.js`)", WORKER + "w.js; "),
        (
            "navigator.serviceWorker.register('/static/sw.js')",
            ":1: a service worker has to come from the site itself: ",
        ),
        ("importScripts('dep.js')", ":1: a worker that comes from the CDN has no folder on it: dep.js; "),
        ("const u = new URL('../w.js', import.meta.url)\nnew Worker(u)", WORKER + "../w.js; "),
        ("const u = '/static/sw.js'; navigator.serviceWorker.register(u)", SERVICE_WORKER + "/static/sw.js; "),
        ("new URL('/static/img/a.png', import.meta.url)", "requests /static/img/a.png from the CDN; write it relative"),
        (
            "x.style.background = 'url(/static/img/a.png) 2px'",
            f"/static/img/a.png {SITE}pass {{% static 'img/a.png' %}}",
        ),
        ("x.srcset = '/x 1x, /static/img/b.png 2x'", f"/static/img/b.png {SITE}pass {{% static 'img/b.png' %}}"),
        ("x.innerHTML = `<b>${n}</b> <img src=/static/img/a.png>`", f"/static/img/a.png {SITE}pass"),
        ("fetch('/static/js/data.json')", f"/static/js/data.json {SITE}pass {{% static 'js/data.json' %}} in from a "),
        ("img.src = `/static/img/${n}.png`", f"/static/img/*.png {SITE}see "),
        ("img.src = '/static/img/' + n + '.png'", f"/static/img/*.png {SITE}see "),
        ("x = y.replace('/x/', '/static/')", f"/static/ {SITE}see "),
        ("location.replace('/static/js/data.json')", f"/static/js/data.json {SITE}pass"),
        ("x = ok === y && '/static/'; startsWith('/static/')", f"/static/ {SITE}see "),
        ("switch (p) { case 1: x = '/static/' }", f"/static/ {SITE}see "),
        ("var base = '/static/', x", f"/static/ {SITE}see "),
        ("var base = `/static/img/`", f"/static/img/ {SITE}see "),
        ("let x = '<img src=\"/static/img/a.png\">'", f"/static/img/a.png {SITE}pass {{% static 'img/a.png' %}} in"),
        ("img.src = 'img/a.png'", f"img/a.png is a plain name of img/a.png{PLAIN}; list img/* in SLIPWAY_UNHASHED, or"),
        (
            "fetch('data.json')",
            f"data.json is a plain name of js/data.json{PLAIN}; list js/* in SLIPWAY_UNHASHED, or pass",
        ),
        ("fetch(base + 'img/a.png')", f"*img/a.png may be a plain name of img/a.png{PLAIN}; list img/* in SLIP"),
        (
            "fetch(`${base}/img/a.png`)",
            f"*/img/a.png may be a plain name of img/a.png{PLAIN}; list img/* in SLIPWAY_UNH",
        ),
        (
            "x = `img/${n}.png`",
            f"img/*.png may be a plain name of img/a.png{PLAIN}; list img/* in SLIPWAY_UNHASHED: see",
        ),
        (
            "\nx = ['img/b.png', 'img/a.png']",
            f"a.js:2: img/b.png is a plain name of img/b.png{PLAIN} (and 1 more); list",
        ),
    ],
)
def test_a_name_that_is_asked_from_the_site_is_a_warning_with_its_line(script, warning):
    (found,), _ = decide({"js/a.js": script})
    assert warning in found
    assert found.startswith("/there/js/a.js:")


@pytest.mark.parametrize(
    "script",
    [
        "import x from './data.json' with {type: 'json'}; import './dep.js'; import(`./${x}.js`); require('./dep.js')",
        "import.meta.resolve('./data.json')",
        "// fetch('/static/js/data.json')\n/* 'img/a.png' or /static/img/a.png */ x = /'img\\/a.png'/",
        "fetch('/api/data.json'); fetch('/img/a.png'); fetch('https://elsewhere.example/img/a.png')",
        "x = {'data.json': 1}; y = 'a.png'; z = 'img'; v = 'img/c.png'",
        "new Worker(URL.createObjectURL(new Blob([`import ${JSON.stringify(url)}`])), {type: 'module'})",
        "navigator.serviceWorker.register('/sw.js')",
        "audioWorklet.addModule(url); fetch(`./${x}`); fetch(url + '/')",
        "if (location.pathname.startsWith('/static/none/')) x()",
        "if (p.startsWith('/static/') || p?.endsWith('img/a.png') || p.includes('/static/img/' + n)) skip()",
        "p.indexOf('/static/'); p.lastIndexOf(`/static/`); p.match('/static/'); /x/.test('/static/img/a.png')",
        "p.replace('/static/', ''); p.split(('/static/')); p.search('/static/')",
        "p === '/static/img/a.png' || 'img/a.png' != p; switch (p) { case 'img/a.png': x() }",
        "import('/static/js/dep.js')",
    ],
)
def test_what_names_no_static_file_by_its_plain_name_is_no_warning(script):
    assert decide({"js/a.js": script})[0] == []


def test_names_that_the_settings_list_or_a_package_has_are_no_warning():
    script = "fetch('pkg/c.json'); x = `img/${n}.png`"
    with override_settings(SLIPWAY_UNHASHED=["img/*"]):
        assert decide({"js/a.js": script}, {"pkg/c.json": "{}"})[0] == []


def test_a_package_s_script_is_not_scanned():
    assert decide({}, {"pkg/a.js": "fetch('/static/pkg/b.json')", "pkg/b.json": "{}"})[0] == []


def test_a_script_is_parsed_only_for_the_name_of_a_file(monkeypatch):
    monkeypatch.setattr(javascript, "parse", lambda script: pytest.fail("parsed"))
    assert decide({"js/a.js": "fetch('/api/x.json'); x = './gone.png'; y = `${a}/b.json`"})[0] == []


def test_scripts_in_the_project_s_templates_are_scanned_and_their_tags_are_blank():
    page = """<script src="{% static 'js/a.js' %}"></script>
<script type="application/json">{"x": "/static/img/a.png"}</script>
<script nonce="{{ nonce }}">
{% if x %}fetch("{% static 'js/data.json' %}"){% endif %}
fetch("/static/js/data.json")</script>
<script type="module">
import "./js/dep.js"
import { b } from "{% static 'js/dep.js' %}"
image.src = new URL("img/a.png", import.meta.url)
import c from 'chart'
</script>"""
    warnings, _ = decide({}, pages={"page.html": page})
    *warnings, last = warnings
    assert last.startswith("/there/page.html:9: img/a.png is a plain name of img/a.png")
    assert warnings == [
        f"/there/page.html:5: /static/js/data.json {SITE}pass {{% static 'js/data.json' %}} in from a template",
        "/there/page.html:7: a script in a page imports ./js/dep.js from the site; write {% static 'js/dep.js' %}",
    ]


@pytest.mark.parametrize(
    ("script", "warned"),
    [
        ("import './dep.js'", "imports ./dep.js from the site; write {% static 'js/dep.js' %}"),
        ("import('../lib/gone.js')", "imports ../lib/gone.js from the site; write {% static %}"),
        (
            "export * from '/static/js/dep.js'",
            "imports /static/js/dep.js from the site; write {% static 'js/dep.js' %}",
        ),
        ("import(`./${x}.js`)", "imports ./*.js from the site; write {% static %}"),
        ("import './mapped.js'; import 'bare'; import 'js/dep.js'; x = './dep.js'; import(x)", None),
        ("import './set.js'; import \"{% static 'js/dep.js' %}\"", None),
    ],
)
def test_a_relative_import_in_a_page_is_relative_to_that_whatever_files_there_are(script, warned):
    page = '<script type=\'importmap\'>{"imports": {"./mapped.js": "{% static \'js/dep.js\' %}"}}</script>'
    with override_settings(SLIPWAY_IMPORTS={"./set.js": "js/dep.js"}):
        warnings, _ = decide({}, pages={"page.html": f"{page}\n<script type=module>{script}</script>"})
    assert warnings == ([f"/there/page.html:2: a script in a page {warned}"] if warned else [])


def test_a_worker_with_the_cdn_s_url_in_a_page_is_a_warning():
    page = """<script>
new SharedWorker("{% static 'w.js' %}"); navigator.serviceWorker.register('{% static "sw.js" %}')
new Worker("{% url 'worker' %}")</script>"""
    (worker, service), _ = decide({}, pages={"page.html": page})
    assert worker.startswith("/there/page.html:2: a browser starts no worker of another host, as the CDN is: w.js; see")
    assert service.startswith("/there/page.html:2: a service worker has to come from the site itself: sw.js; see")


LEAFLET = r"x.style.backgroundImage.replace(/marker-icon\.png['\"]?\)$/, '')"
LEAFLET_FILES = {
    "map/leaflet.js": LEAFLET,
    "map/leaflet.css": "a{background:url(images/marker-icon.png)} b{background:url(images/layers.png)}",
    "map/images/marker-icon.png": b"m",
    "map/images/layers.png": b"l",
}


def stylesheet(own, package=None):
    made = sources(own, package)
    naming.decide(made)
    return Hasher(made, (), runtime_names.taken_apart(made)).all()["map/leaflet.css"].body.decode()


def test_an_address_that_a_package_s_script_takes_apart_is_plain_in_its_stylesheet():
    sheet = stylesheet({}, LEAFLET_FILES)
    assert "url(images/marker-icon.png)" in sheet
    assert "url(images/layers.png)" not in sheet


def test_in_the_project_s_own_stylesheet_it_is_so_where_the_settings_list_it():
    assert "url(images/marker-icon.png)" not in stylesheet(LEAFLET_FILES)
    with override_settings(SLIPWAY_UNHASHED=["map/*"]):
        assert "url(images/marker-icon.png)" in stylesheet(LEAFLET_FILES)
        with override_settings(SLIPWAY_PULL=True):
            assert "url(images/marker-icon.png)" not in stylesheet(LEAFLET_FILES)
