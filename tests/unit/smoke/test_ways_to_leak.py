"""Check P finds each way in which a page or a file makes a browser ask the origin for a static file.

Each way is a page, or a file of the CDN that a page loads, and the URL below the site that is requested.
"""

import pytest
from multidict import CIMultiDict

from static_smoke.checks import fetch, page_references, strings
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.parse.modules import ImportMap
from static_smoke.parse.page import parse
from static_smoke.parse.reference import Asked

SITE = "https://www.example.com/"
CDN = "https://static.example.com/"
HOSTS = Hosts(SITE, CDN, "https://media.example.com/")
A = "static/a.png"
S = "static/a.js"

ELEMENTS = [
    ('<img src="/static/a.png">', A),
    ('<img srcset="/static/a.png 2x">', A),
    ('<img srcset="https://static.example.com/b.png 1x, /static/a.png 2x">', A),
    ('<picture><source media="print" srcset="/static/a.png 9w"></picture>', A),
    ('<video poster="/static/a.png"></video>', A),
    ('<video src="/static/a.mp4"></video>', "static/a.mp4"),
    ('<audio src="/sounds/a"></audio>', "sounds/a"),
    ('<video><source src="/film"></video>', "film"),
    ('<video><track src="/captions/en"></video>', "captions/en"),
    ('<object data="/static/a.swf"></object>', "static/a.swf"),
    ('<embed src="/static/a.pdf">', "static/a.pdf"),
    ('<input type="image" src="/static/a.png">', A),
    ('<body background="/static/a.png">', A),
    ('<table><tr background="/static/a.png">', A),
    ('<iframe src="/static/a.svg"></iframe>', "static/a.svg"),
    ('<iframe srcdoc="&lt;img src=/static/a.png&gt;"></iframe>', A),
    ('<a href="/static/a.pdf">', "static/a.pdf"),
    ('<a href="/static/a.pdf" download>', "static/a.pdf"),
    ('<map><area href="/static/a.png"></map>', A),
    ('<image src="/static/a.png">', A),
    ('<noscript><img src="/static/a.png"></noscript>', A),
    ("<noscript><style>p { background: url(/static/a.png) }</style></noscript>", A),
    ('<template><img src="/static/a.png"></template>', A),
    ('<div><template shadowrootmode="open"><img src="/static/a.png"></template></div>', A),
    ('<base href="/static/"><img src="a.png">', A),
    ('<img src="static/a.png"><base href="https://static.example.com/">', A),
    ('<base href="https://static.example.com/"><img src="/x.png"><img src="https://www.example.com/static/a.png">', A),
    ('<p style="background: url(/static/a.png)">', A),
    ("<style>@media print { p { background: url('/static/a.png') } }</style>", A),
    ("<style>@layer base { p { background: url(/static/a.png) } }</style>", A),
    ('<style>p { background: image-set("/static/a.png" 2x) }</style>', A),
    ('<style>@import "/static/a.css";</style>', "static/a.css"),
    ("<style>@font-face { src: url(/static/a.woff2) }</style>", "static/a.woff2"),
]
LINKS = [
    ('<link rel="stylesheet" href="/static/a.css">', "static/a.css"),
    ('<link rel="alternate stylesheet" title="x" href="/themes/a">', "themes/a"),
    ('<link rel="icon" href="/icons/a">', "icons/a"),
    ('<link rel="mask-icon" href="/icons/a">', "icons/a"),
    ('<link rel="apple-touch-icon" href="/icons/a">', "icons/a"),
    ('<link rel="apple-touch-startup-image" href="/icons/a">', "icons/a"),
    ('<link rel="image_src" href="/icons/a">', "icons/a"),
    ('<link rel="manifest" href="/manifest">', "manifest"),
    ('<link rel="modulepreload" href="/modules/a">', "modules/a"),
    ('<link rel="preload" as="image" href="/x" imagesrcset="/static/a.png 1x">', A),
    *(
        (f'<link rel="preload" as="{kind}" href="/files/a">', "files/a")
        for kind in ("script", "style", "font", "image", "worker", "video", "audio", "track")
    ),
    ('<link rel="prefetch" href="/static/a.js">', S),
    ('<link rel="prefetch" as="script" href="/files/a">', "files/a"),
    ('<link itemprop="image" href="/images/a">', "images/a"),
    ('<meta property="og:image" content="/static/a.png">', A),
    ('<meta property="og:video:secure_url" content="/films/a">', "films/a"),
    ('<meta name="twitter:image" content="/static/a.png">', A),
    ('<meta name="msapplication-TileImage" content="/static/a.png">', A),
    ('<meta name="msapplication-config" content="/static/browserconfig.xml">', "static/browserconfig.xml"),
    ('<meta itemprop="image" content="/images/a">', "images/a"),
    ('<meta http-equiv="refresh" content="0; url=/static/a.pdf">', "static/a.pdf"),
]
ADDRESSES = [
    ('<img src="https://www.example.com/static/a.png">', A),
    ('<img src="https://www.example.com:443/static/a.png">', A),
    ('<img src="HTTPS://WWW.EXAMPLE.COM/static/a.png">', A),
    ('<img src="https://www.example.com./static/a.png">', A),
    ('<img src="https://example.com/static/a.png">', A),
    ('<img src="https://ada:lovelace@www.example.com/static/a.png">', A),
    ('<img src="//www.example.com/static/a.png">', A),
    ('<img src="https:/static/a.png">', A),
    ('<img src="\\static\\a.png">', A),
    ('<img src=" /sta\ntic/\ta.png ">', A),
    ('<img src="&#x2f;static&sol;a.png">', A),
    ('<a href="/%73tatic/a">', "%73tatic/a"),
    ('<a href="/x/../static/a">', "static/a"),
    ('<a href="/x/%2e%2e/static/a">', "static/a"),
    ('<a href="//www.example.com//static/a">', "/static/a"),
]
LAZY = [
    ('<img data-src="/static/a.png">', A),
    ('<img data-src="/static/a">', "static/a"),
    ('<img data-srcset="/static/b.png 1x, /static/a.png 2x">', A),
    ('<div data-bg="/static/a.png">', A),
    ('<div data-background-image="url(/static/a.png)">', A),
    ('<img data-lazy="/static/a">', "static/a"),
    ('<img data-original="/static/a">', "static/a"),
    ('<video data-poster="/static/a.png">', A),
    ('<div data-options=\'{"image": "/static/a.png"}\'>', A),
    ("<div x-data=\"{ image: '/static/a.png' }\">", A),
    ('<lite-film thumb="/static/a.png">', A),
    ("<img onerror=\"this.src = '/static/a.png'\">", A),
    ("<a onclick=\"show('/static/a.png')\">", A),
]
DRAWINGS = [
    ('<svg><image href="/static/a.png"/></svg>', A),
    ('<svg><image xlink:href="/static/a.png"/></svg>', A),
    ('<svg><use href="/static/a.svg#x"/></svg>', "static/a.svg"),
    ('<svg><script href="/static/a.js"/></svg>', S),
    ('<svg><rect fill="url(/static/a.svg#x)"/></svg>', "static/a.svg"),
    ("<svg><rect filter=\"url('/static/a.svg#x')\"/></svg>", "static/a.svg"),
    ('<svg><rect mask="url(/static/a.svg#x)"/></svg>', "static/a.svg"),
    ('<svg><path marker-end="url(/static/a.svg#x)"/></svg>', "static/a.svg"),
    ('<svg><linearGradient href="/static/a.svg#x"/></svg>', "static/a.svg"),
    ('<svg><filter><feImage href="/static/a.png"/></filter></svg>', A),
    ("<svg><style>rect { fill: url(/static/a.svg#x) }</style></svg>", "static/a.svg"),
]
SCRIPTS = [
    ('<script src="/static/a.js"></script>', S),
    ('<script type="module" src="/code"></script>', "code"),
    ('<script type="module">import "/static/a.js"</script>', S),
    ('<script type="module">import {b} from "/static/a.js"</script>', S),
    ('<script type="module">export * from "/static/a.js"</script>', S),
    ('<script>import("/static/a.js")</script>', S),
    ("<script>import(`/static/a.js`)</script>", S),
    ("<script>import(`/static/${name}.js`)</script>", "static/"),
    ('<script type="importmap">{"imports": {"a": "/static/a.js"}}</script>', S),
    ('<script>new Worker("/static/a.js")</script>', S),
    ('<script>new SharedWorker("/static/a.js")</script>', S),
    ('<script type="module">new Worker(new URL("/static/a.js", import.meta.url))</script>', S),
    ('<script>navigator.serviceWorker.register("/static/a.js")</script>', S),
    ('<script>CSS.paintWorklet.addModule("/static/a.js")</script>', S),
    ('<script>fetch("/static/a.json")</script>', "static/a.json"),
    ('<script>fetch("/static/" + name)</script>', "static/"),
    ("<script>fetch(new Request('/static/a.json'))</script>", "static/a.json"),
    ('<script>x.open("GET", "/static/a.json")</script>', "static/a.json"),
    ('<script>new Image().src = "/static/a.png"</script>', A),
    ('<script>it.setAttribute("src", "/static/a.png")</script>', A),
    ('<script>new Audio("/static/a.mp3")</script>', "static/a.mp3"),
    ('<script>it.href = "/static/a.css"</script>', "static/a.css"),
    ('<script>new FontFace("x", "url(/static/a.woff2)")</script>', "static/a.woff2"),
    ('<script>it.style.background = "url(/static/a.png)"</script>', A),
    ("<script>it.innerHTML = \"<img src='/static/a.png'>\"</script>", A),
    ('<script>it.innerHTML = `<img alt="${name}" src="/static/a.png">`</script>', A),
    ('<script>late = "/static/a.png"</script>', A),
    ('<script>late = "\\/static\\u002fa.png"</script>', A),
    ('<script>late = "static/a.png"</script>', A),
    ('<script>late = location.origin + "/static/a.png"</script>', A),
    ('<script>late = "https://www.example.com/images/a.png"</script>', "images/a.png"),
    ("<script>late = `/static/${name}.png`</script>", "static/"),
    ('<script>late = `${x ? `b` : "c"}`; /["`]/.test(x); later = "/static/a.png" // `</script>', A),
    ('<script type="application/json">{"late": ["/static/a.png"]}</script>', A),
    ('<script type="application/json">{"late": "\\/static\\/a.png"}</script>', A),
    ('<script type="application/ld+json">{"@type": "X", "image": {"url": "/static/a.png"}}</script>', A),
    ('<script type="speculationrules">{"prefetch": [{"urls": ["/static/a.js"]}]}</script>', S),
    ('<script type="text/x-template"><img src="/static/a.png"></script>', A),
]
FILES = [
    ("a.css", "p { background: url(https://www.example.com/static/a.png) }", A),
    ("a.css", "@layer x { @container (width > 1px) { p { background: url(//www.example.com/static/a.png) } } }", A),
    ("a.css", '@import "https://www.example.com/static/a.css" layer(x);', "static/a.css"),
    ("a.js", 'fetch("/static/a.json")', "static/a.json"),
    ("a.js", 'let late = ["/static/a.png"]', A),
    ("a.js", 'navigator.serviceWorker.register("/sw/a.js")', "sw/a.js"),
    ("a.js", "importScripts('/static/b.js', '/static/a.js')", S),
    ("a.mjs", 'export {a} from "https://www.example.com/static/a.js"', S),
    ("a.m3u8", "#EXTM3U\n#EXTINF:4,\nhttps://www.example.com/media/1.ts", "media/1.ts"),
    ("a.m3u8", '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="https://www.example.com/static/a.key"', "static/a.key"),
    ("a.mpd", "<MPD><BaseURL>https://www.example.com/media/</BaseURL></MPD>", "media/"),
    ("a.mpd", '<MPD><SegmentTemplate media="//www.example.com/media/$Number$.m4s"/></MPD>', "media/"),
    ("a.svg", '<svg xmlns="x"><image href="https://www.example.com/static/a.png"/></svg>', A),
    ("a.svg", '<svg><style>@import "https://www.example.com/static/a.css";</style></svg>', "static/a.css"),
    ("a.svg", '<?xml-stylesheet href="https://www.example.com/static/a.css"?><svg/>', "static/a.css"),
    (
        "a.svg",
        "<svg><style><![CDATA[p { fill: url(//www.example.com/static/a.svg#x) }]]></style></svg>",
        "static/a.svg",
    ),
    ("a.webmanifest", '{"icons": [{"src": "https://www.example.com/static/a.png"}]}', A),
    ("a.webmanifest", '{"shortcuts": [{"icons": [{"src": "https://www.example.com/static/a.png"}]}]}', A),
]
PAGES = [*ELEMENTS, *LINKS, *ADDRESSES, *LAZY, *DRAWINGS, *SCRIPTS]
KINDS = {"css": "style", "js": "script", "mjs": "module", "svg": "image", "webmanifest": "manifest"}


def caught(references, further=()) -> set[str]:
    """The URLs of the origin that are a finding, or that the origin is asked about."""
    certain = [it for it in references if it.asked is Asked.NO]
    asked = [it for it in (*references, *further) if it.asked is not Asked.NO]
    found = {fact.url for fact in page_references.judge_references(certain, HOSTS)}
    found |= {it.url for it in strings.candidates(asked, HOSTS, set())}
    return {url.split("/", 3)[3] for url in found if HOSTS.is_origin(url)}


@pytest.mark.parametrize(("html", "url"), PAGES)
def test_a_page(html, url):
    page = parse(SITE, html)
    assert url in caught(page.references, page.strings)


@pytest.mark.parametrize(
    "html",
    [
        '<img data-srcset="/static/b.png 1x, /static/a.png 2x">',
        '<script type="speculationrules">{"prefetch": [{"urls": ["/static/a.png"]}]}</script>',
        '<script>fetch("/static/a.png")</script>',
        '<script>new Image().src = "/static/a.png"</script>',
    ],
)
def test_what_is_certain_needs_no_question(html):
    assert A in caught(parse(SITE, html).references)


@pytest.mark.parametrize(("name", "text", "url"), FILES)
def test_a_file_of_the_cdn(name, text, url):
    answer = Answer(CDN + name, 200, CIMultiDict({"X-Cache": "Hit"}), text.encode())
    asset = fetch.Asset(CDN + name, KINDS.get(name.partition(".")[2], "fetch"), SITE, answers=[answer], base=SITE)
    assert url in caught(list(fetch.inside(asset, ImportMap(), HOSTS)))


@pytest.mark.parametrize(
    ("feed", "url"),
    [
        ('<enclosure url="https://www.example.com/media/a.mp3" type="audio/mpeg"/>', "media/a.mp3"),
        ("<enclosure url='/media/a.mp3'/>", "media/a.mp3"),
        ('<media:thumbnail url="//www.example.com/media/a.jpg"/>', "media/a.jpg"),
        ("<image><url>/static/a.png</url></image>", A),
        ("<icon>../static/a.png</icon>", A),
        ("<description>&lt;img src=&quot;/static/a.png&quot;&gt;</description>", A),
        ('<content:encoded><![CDATA[<img src="/static/a.png?v=1&amp;w=2">]]></content:encoded>', f"{A}?v=1&w=2"),
        ("<image:loc>https://www.example.com/media/a.jpg</image:loc>", "media/a.jpg"),
    ],
)
def test_a_feed(feed, url):
    facts = page_references.judge_feeds({f"{SITE}blog/feed": feed}, HOSTS)
    assert [fact.url.removeprefix(SITE) for fact in facts] == [url]


@pytest.mark.parametrize(
    "html",
    [
        '<script>// "/static/a.png"\n/* "/static/a.png" */</script>',
        "<script>if (path.startsWith('/static/')) go(/\\/static\\/a.png/)</script>",
        '<script>if (path === "/static/a.png" || "/static/a.png" == path) go()</script>',
        "<script>x = { 'a/b': 'node.js', type: 'text/css', date: '1/2/2026' }</script>",
        '<script>x = CDN + "/img/" + name</script>',
        "<script>x = `${CDN}/img/${name}`</script>",
        '<script>import("lodash"); import x from "main.ts"; x = "main.ts"</script>',
        '<script>x = "https://static.example.com/a.png"; fetch("/search/?q=a.png")</script>',
        '<script>fetch("/api/photos/"); iframe.src = "/preview/"; x.href = "/photos/1/"</script>',
        '<script type="application/json">{"url": "/photos/1/", "next": "/photos/?page=2"}</script>',
        '<script type="speculationrules">{"prerender": [{"urls": ["/photos/"]}]}</script>',
        '<div class="w-1/2 bg-[#fff]" data-url="/photos/" data-name="a/b" hx-get="/photos/"></div>',
        '<img data-src="data:image/png;base64,AAAA/static/a.png"><input value="/static/a.png" title="/static/a.png">',
        '<svg><rect fill="url(#x)" filter="none"/><use href="#x"/></svg>',
        '<a href="/admin/jsi18n/"></a><script src="/admin/jsi18n/"></script><a href="/blog/main.ts"></a>',
        "<script>navigator.serviceWorker.register('/sw.js')</script>",
        '<meta http-equiv="refresh" content="3; url=/photos/"><a ping="/static/a.png" href="/photos/"></a>',
    ],
)
def test_what_is_no_leak(html):
    page = parse(SITE, html)
    paths = [it for it in page.strings if it.asked is Asked.PATH]
    assert caught(page.references, paths) == set()
