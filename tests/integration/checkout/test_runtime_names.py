"""Names that a script makes at run time, in Chromium: each file comes from the CDN, after a click too."""

import pytest

from tests.integration.checkout.browsing import Site
from tests.integration.checkout.checkout import Bucket, Checkout

WASM = b"\0asm\1\0\0\0"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'/>"
HEAD = "{% load static slipway %}<!doctype html><title>x</title><link rel='icon' href='data:,'>{% importmap %}<body>"

# As docs/static-files.md says under “Workers”.
MODULE_WORKER = """
const source = new Blob([`import ${JSON.stringify(url)}`], {type: "text/javascript"});
const worker = new Worker(URL.createObjectURL(source), {type: "module"});
worker.onmessage = event => done(event.data);
"""
CLASSIC_WORKER = """
const source = new Blob([`self.base = ${JSON.stringify(url)}; importScripts(base)`], {type: "text/javascript"});
const worker = new Worker(URL.createObjectURL(source));
worker.onmessage = event => done(event.data);
"""
# The way of Leaflet 1.9.
LEAFLET = r"""
(function () {
  const probe = document.body.appendChild(document.createElement("div"));
  probe.className = "default-icon-path";
  const image = getComputedStyle(probe).backgroundImage;
  const path = image.replace(/^url\(["']?/, "").replace(/marker-icon\.png["']?\)$/, "");
  window.icon = path + "marker-shadow.png";
})();
"""


def page(script: str = "", head: str = HEAD) -> str:
    done = "function done(text) { document.body.dataset.done = text }\n"
    return f"{head}<button>go</button><script>{done}</script>{script}"


def module(name: str) -> str:
    return f"<script type='module' src=\"{{% static 'js/{name}' %}}\"></script>"


def given(url: str, script: str) -> str:
    return f"<script>const url = \"{{% static '{url}' %}}\";{script}</script>"


ON_CLICK = "document.querySelector('button').addEventListener('click', async () => {%s}); export {}"
# Template → what it is, the project's files, and what the click's end says.
CASES = {
    "backticks": (
        page(module("ticks.js")),
        {"js/ticks.js": ON_CLICK % "await import(`./effect.js`)", "js/effect.js": "done('effect')"},
        "effect",
    ),
    "a gap": (
        page(module("gap.js")),
        {
            "js/gap.js": ON_CLICK % "const code = 'de'; done((await import(`./lang/${code}.js`)).hello)",
            "js/lang/de.js": "export const hello = 'hallo'",
            "js/lang/en.js": "export const hello = 'hello'",
        },
        "hallo",
    ),
    "from the root": (
        page(module("root.js")),
        {
            "js/root.js": "import {five} from '/static/js/five.js';" + ON_CLICK % "done(five)",
            "js/five.js": "export const five = 5",
        },
        "5",
    ),
    "beside": (
        page(module("beside.js")),
        {
            "js/beside.js": ON_CLICK
            % "const n = 'seven'; const i = new Image(); i.src = new URL(`../pic/${n}.svg`, import.meta.url);"
            "await i.decode(); done(i.naturalWidth)",
            "pic/seven.svg": SVG,
        },
        "7",
    ),
    "wasm": (
        page("<script src=\"{% static 'js/wasm.js' %}\"></script>"),
        {
            "js/wasm.js": "const me = document.currentScript.src;"
            "document.querySelector('button').onclick = async () => done((await WebAssembly.instantiateStreaming("
            "fetch(new URL('tiny.wasm', me)))).instance instanceof WebAssembly.Instance)",
            "js/tiny.wasm": WASM,
        },
        "true",
    ),
    "data": (
        page(module("data.js")),
        {
            "js/data.js": "import x from './x.json' with {type: 'json'}; import s from './s.css' with {type: 'css'};"
            + ON_CLICK % "done(x.y + s.cssRules.length)",
            "js/x.json": '{"y": 5}',
            "js/s.css": "a{} b{}",
        },
        "7",
    ),
    "module worker": (
        page(given("js/worker.js", MODULE_WORKER)),
        {
            "js/worker.js": "import {part} from './part.js';"
            "import('./late.js').then(late => self.postMessage(part + late.late))",
            "js/part.js": "export const part = 'part '",
            "js/late.js": "export const late = 'late'",
        },
        "part late",
    ),
    "classic worker": (
        page(given("js/old-worker.js", CLASSIC_WORKER)),
        {
            "js/old-worker.js": 'importScripts(new URL("old-part.js", base)); postMessage(self.part)',
            "js/old-part.js": "self.part = 'old part'",
        },
        "old part",
    ),
    "worklet": (
        page(given("js/worklet.js", "new AudioContext().audioWorklet.addModule(url).then(() => done('added'))")),
        {
            "js/worklet.js": "import './gain.js'; registerProcessor('p', class extends AudioWorkletProcessor {})",
            "js/gain.js": "export {}",
        },
        "added",
    ),
    "a folder": (
        page(given("flags/", "const i = new Image(); i.onload = () => done(i.naturalWidth); i.src = url + 'de.svg'")),
        {"flags/de.svg": SVG},
        "7",
    ),
    "a package's images": (
        "{% load static %}<link rel='stylesheet' href=\"{% static 'map/map.css' %}\">"
        + page("<script src=\"{% static 'map/map.js' %}\"></script><script>fetch(icon).then(r => done(r.ok))</script>"),
        {},
        "true",
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """All cases in one build."""
    with Bucket() as bucket:
        checkout = Checkout(tmp_path_factory.mktemp("runtime") / "checkout", bucket.url)
        site = Site(checkout, bucket)
        checkout.package(
            "mappackage",
            **{
                "static/map/map.js": LEAFLET,
                "static/map/map.css": ".default-icon-path { background: url(images/marker-icon.png) }",
                "static/map/images/marker-icon.png": "icon",
                "static/map/images/marker-shadow.png": "shadow",
            },
        )
        checkout.settings("INSTALLED_APPS += ['mappackage']\nSLIPWAY_UNHASHED = ['flags/*']\n")
        for name, (template, files, _) in CASES.items():
            checkout.write(f"templates/{name}.html", template)
            for path, content in files.items():
                checkout.write(f"assets/{path}", content)
        output = site.build(*(f"{name}.html" for name in CASES))
        assert "warning" not in output, output
        yield site
        site.close()
        bucket.shutdown()


@pytest.mark.parametrize("name", CASES)
def test_a_name_that_is_made_at_run_time_comes_from_the_cdn(site, browser, name):
    site.asked.clear()
    site.missing.clear()
    tab = browser.new_page()
    tab.goto(f"{site.origin}{name}.html", wait_until="load")
    tab.click("button")
    try:
        tab.wait_for_function("document.body.dataset.done !== undefined", timeout=10_000)
    finally:
        done = tab.evaluate("document.body.dataset.done")
        tab.close()
        assert (done, site.asked, site.missing) == (CASES[name][2], [], [])
