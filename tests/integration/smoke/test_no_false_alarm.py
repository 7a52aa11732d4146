"""No false alarm: what correct sites have besides pages and static files, and where they are."""

import json
import random
import re
import secrets

import pytest
from aiohttp import web

from static_smoke.http.allowed import allow
from tests.integration.smoke.stack import Object, png

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
# What a view draws for each request.
DRAWN = {
    r"/captcha/image/\w+/": lambda request: web.Response(body=png(random.randrange(256)), content_type="image/png"),
    r"/qr/": lambda request: web.Response(text="<svg/>", content_type="image/svg+xml", headers=PRIVATE),
    r"/chart-\d+\.svg": lambda request: web.Response(text="<svg/>", content_type="image/svg+xml", headers=PRIVATE),
}
PRIVATE = {"Cache-Control": "private, no-store"}
ALLOW = tuple((path, "drawn for each person") for path in ("/captcha/*", "/qr/", "/chart-*.svg"))


def add(stack, markup, path="/"):
    stack.pages[path] = stack.pages[path].replace("</body>", f"{markup}</body>")


def draw(stack):
    """The three of them on the front page, two with a fresh URL each time."""
    stack.views |= DRAWN
    plain = stack.wraps

    def wraps(path, html):
        fresh = f'<img src="/captcha/image/{secrets.token_hex(20)}/" alt="">' if path == "/" else ""
        fresh += f'<img src="/chart-{random.randrange(10**6)}.svg" alt="">' if fresh else ""
        return plain(path, html).replace("</body>", f"{fresh}</body>")

    stack.wraps = wraps
    add(stack, f'<img src="/qr/?data={secrets.token_hex(4)}" alt="">')


def behind_login(answer):
    """``answer``: makes what people get who are signed in."""

    def view(request):
        if request.cookies.get("session") != "1":
            return web.Response(status=302, headers={"Location": "/login/"})
        return answer()

    return view


def page(stack, title="page", body=""):
    """A view of a whole page."""
    return lambda request: web.Response(text=stack.page(title, body), content_type="text/html")


def download(body, kind, name):
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **PRIVATE}
    return web.Response(body=body, content_type=kind, headers=headers)


def furnish(stack):
    """One correct site with everything that looks static, or reaches the origin, and is neither a leak nor a fault."""
    url = stack.url
    worker = stack.put("js/worker.js", "self.addEventListener('fetch', () => {});", "text/javascript")
    feed = f"""<rss version="2.0"><channel><link>{stack.site_url}</link><item><link>{stack.site_url}tags/node.js</link>
    <enclosure url="{stack.media_url}photo-1.png" type="image/png"/></item></channel></rss>"""
    stack.views |= {
        # Pages that are called like files, or lie where media usually do.
        r"/tags/(node|vue)\.js/?": page(stack, "tag"),
        r"/media/press/?": page(stack, "press"),
        r"/wiki/Logo\.svg": page(stack, "wiki"),
        # What visitors buy, export and download.
        r"/buy/song\.mp3": behind_login(lambda: download(b"ID3", "audio/mpeg", "song.mp3")),
        r"/invoice/\d+\.pdf": behind_login(lambda: download(b"%PDF", "application/pdf", "3.pdf")),
        r"/export\.csv": lambda request: download(b"a,b", "text/csv", "export.csv"),
        # What Django and its packages answer by themselves.
        r"/(de/)?jsi18n/": lambda request: web.Response(text="var a;", content_type="text/javascript"),
        r"/api/items/": lambda request: web.json_response([{"image": url.one}]),
        r"/events/": lambda request: web.Response(text="data: 1\n\n", content_type="text/event-stream"),
        r"/collect/": lambda request: web.Response(status=204),
        r"/feed\.xml": lambda request: web.Response(text=feed, content_type="application/rss+xml"),
        # What crawlers, browsers and Windows ask the site's own host for.
        r"/(robots|ads|humans)\.txt|/\.well-known/security\.txt": lambda request: web.Response(text="a: b"),
        r"/browserconfig\.xml": lambda request: web.Response(text="<b/>", content_type="application/xml"),
        r"/sw\.js": lambda request: web.Response(text=f"importScripts('{worker}')", content_type="text/javascript"),
        # Other pages.
        r"/amp/": page(stack, "amp"),
        r"/based/": page(stack, "based", f'<base href="{stack.media_url}"><img src="photo-1.png" alt="">'),
    }
    add(
        stack,
        f"""<a href="/tags/node.js">tag</a> <a href="/tags/vue.js/">tag</a> <a href="/media/press/">press</a>
        <a href="/media/press">press</a> <a href="/wiki/Logo.svg">logo</a> <a href="/based/">based</a>
        <a href="/buy/song.mp3">song</a> <a href="/invoice/3.pdf" download>invoice</a> <a href="/export.csv">csv</a>
        <link rel="alternate" type="application/rss+xml" href="/feed.xml"><link rel="amphtml" href="/amp/">
        <link rel="alternate" hreflang="de" href="https://www.sound.example/">
        <meta name="msapplication-config" content="/browserconfig.xml">
        <script src="/jsi18n/"></script><script src="/de/jsi18n/"></script>
        <img src="{url.two}?v=3" alt="" loading="lazy"><img src="{PIXEL}" alt="">
        <iframe src="data:text/html,hello"></iframe>
        <script>
          URL.createObjectURL(new Blob(["a"]));
          fetch("/api/items/"); fetch("/collect/", {{method: "POST", keepalive: true, body: "a=b"}});
          navigator.sendBeacon("/collect/", "a=b");
          const events = new EventSource("/events/"); events.onmessage = () => events.close();
          navigator.serviceWorker.register("/sw.js");
        </script>""",
    )
    stack.write_manifest()
    hosts = f"{stack.static_url} {stack.media_url}"
    stack.csp = f"default-src 'self' 'unsafe-inline' data: blob: {hosts}; frame-src data:"


def test_a_furnished_site_raises_nothing_in_any_check(stack, prove):
    furnish(stack)
    draw(stack)
    verdict = prove(allow=ALLOW)
    assert verdict.findings == []
    assert {page["url"].removeprefix(stack.site_url) for page in verdict.pages} >= {
        *("tags/vue.js/", "media/press/", "based/"),
    }
    assert {check.state for letter, check in verdict.checks.items() if letter != "A"} == {"passed"}
    assert not [note for note in verdict.notes if note.startswith("allow: ")]


def test_what_a_view_draws_is_one_finding_a_pattern_with_the_line_that_allows_it(stack, prove):
    draw(stack)
    verdict = prove(browser=None)
    wanted = {"/captcha/image/": "/captcha/image/*/", "/qr/": "/qr/", "/chart-": "/chart-*.svg"}
    assert len(verdict.findings) == 3 and {finding.check for finding in verdict.findings} == {"P"}
    for start, pattern in wanted.items():
        (finding,) = [it for it in verdict.findings if start in it.url]
        assert "a view of the origin makes it (Content-Type: image/" in finding.what
        assert f"--allow='{pattern}=the reason'" in finding.fix
        assert f'in site.yml, allow: {{"{pattern}": "the reason"}}' in finding.fix
        assert allow(pattern, "as the finding says")
    assert "its bytes differ each time" in next(it.what for it in verdict.findings if "/captcha/" in it.url)


def test_a_file_on_the_origin_is_no_view(stack, prove):
    times = {"Last-Modified": "Mon, 30 Nov 2026 10:00:00 GMT", "ETag": '"6564a1b2-1f4"'}
    stack.views[r"/files/a\.png"] = lambda request: web.Response(body=png(1), content_type="image/png", headers=times)
    add(stack, '<img src="/files/a.png" alt=""><img src="/files/gone.png" alt=""><a href="/files/a.png">a</a>')
    findings = prove(browser=None).findings
    assert {finding.url.rpartition("/")[2] for finding in findings} == {"a.png", "gone.png"}
    assert not [finding for finding in findings if "a view" in finding.what]


def test_a_picture_that_is_sent_as_a_download_is_still_one_that_the_page_loads(stack, prove):
    stack.views[r"/pictures/a\.png"] = lambda request: download(png(1), "image/png", "a.png")
    add(stack, '<img src="/pictures/a.png" alt="">')
    (finding,) = prove(browser=None).findings
    assert "Content-Disposition: attachment" in finding.what and "--allow='/pictures/a.png=" in finding.fix


def test_a_site_below_a_path_is_judged_by_its_own_folder(stack, prove):
    """The rest of the host is somebody else's: it answers everything, with static files of its own."""
    inner = stack._page

    def moved(request):
        answer = inner(request.clone(rel_url=request.path_qs.removeprefix("/app")))
        where = answer.headers.get("Location", "")
        if where.startswith("/"):
            answer.headers["Location"] = f"/app{where}"
        return answer

    def outer(request):
        if request.path.startswith("/app/"):
            return moved(request)
        files = {name.rpartition(".")[2]: thing for name, thing in stack.static.items()}
        thing = files.get(request.path.rpartition(".")[2], Object(b"<img src=/static/their.png>", "text/html"))
        return web.Response(body=thing.body, headers={"Content-Type": thing.type})

    stack._page = outer
    for path, html in stack.pages.items():
        stack.pages[path] = html.replace('href="/', 'href="/app/')
    add(stack, '<a href="/">our host</a> <a href="/their/logo.png">their logo</a>')
    verdict = prove(site=f"{stack.site_url}app/", browser=None)
    assert verdict.findings == []
    assert all("/app/" in page["url"] for page in verdict.pages)
    assert any(page["signed_in"] for page in verdict.pages)
    assert verdict.checks["C"].checked > len(stack.names)
    add(stack, '<img src="/static/their.png" alt="">')
    (finding,) = prove(site=f"{stack.site_url}app/", browser=None).findings
    assert finding.url.endswith("/static/their.png"), "our page asks for it"


def move_static(stack, folder):
    """The static files into a folder of their host."""
    stack.static = {folder + name: thing for name, thing in stack.static.items()}
    for path, html in stack.pages.items():
        # The web manifest's body names its icon where that was.
        html = re.sub(r'<link rel="manifest".*?>', "", html)
        stack.pages[path] = html.replace(stack.static_url, stack.static_url + folder)


@pytest.mark.parametrize("known", [True, False], ids=["by its manifest", "by its name"])
def test_the_folder_on_a_cdn_that_nobody_named_is_found(known, stack, prove):
    move_static(stack, "abc/static/")
    verdict = prove(static=None, media=None, browser=None, **({} if known else {"manifests": ()}))
    assert verdict.findings == []
    assert len(verdict.assets) >= 10 and verdict.checks["C"].checked > 0


def test_the_names_in_that_folder_are_those_that_the_origin_is_asked_for(stack, prove):
    stack.origin_files[f"/static/{stack.names['js/app.js']}"] = stack.rename("js/app.js")
    move_static(stack, "abc/static/")
    findings = prove(static=None, media=None, browser=None, manifests=()).findings
    assert [finding.check for finding in findings] == ["C"] and "/static/js/app." in findings[0].url


def test_another_site_on_the_same_cdn_host_is_not_judged(stack, prove):
    move_static(stack, "ours/")
    stack.static["theirs/embed.0123456789ab.js"] = Object(b"1", "text/javascript", "no-store")
    add(stack, f'<script src="{stack.static_url}theirs/embed.0123456789ab.js"></script>')
    assert prove(static=f"{stack.static_url}ours/", browser=None).findings == []


def test_a_signed_url_is_the_same_object_each_time(stack, prove):
    plain = stack.wraps

    def wraps(path, html):
        signature = f"photo-1.png?Expires=1796040000&Signature={secrets.token_hex(8)}&Key-Pair-Id=K1"
        return plain(path, html).replace("photo-1.png", signature)

    stack.wraps = wraps
    verdict = prove(browser=None)
    assert verdict.findings == []
    assert len([asset for asset in verdict.assets if "photo-1.png" in asset["url"]]) == 1


def test_a_site_without_a_front_page_is_proved_from_another(stack, prove):
    del stack.pages["/"]
    verdict = prove(paths=("/gallery/",), browser=None)
    assert verdict.findings == [] and verdict.status == 0
    assert any(page["url"].endswith("/gallery/") for page in verdict.pages)


def test_a_german_site_whose_pages_are_utf_16_and_whose_login_takes_a_mail_address(stack, prove):
    form = '<form method="post" action="/login/"><label>E-Mail<input type="email" name="mail"></label>'
    form += '<label>Kennwort<input type="password" name="kennwort"></label><button>Anmelden</button></form>'

    def view(title, body):
        text = stack.page(title, body).replace('lang="en"', 'lang="de"')
        headers = {"Content-Type": "text/html; charset=utf-16"}
        return lambda request: web.Response(body=text.encode("utf-16"), headers=headers)

    stack.views |= {
        r"/": lambda request: web.Response(status=302, headers={"Location": "/de/"}),
        r"/de/": view("Übersicht", '<a href="/de/anmelden/">Anmelden</a> <a href="/en/">English</a>'),
        r"/en/": view("Overview", '<a href="/de/">Deutsch</a>'),
        r"/de/anmelden/": view("Anmelden", form),
    }
    verdict = prove(browser=None)
    assert verdict.findings == []
    seen = {page["url"].removeprefix(stack.site_url) for page in verdict.pages}
    assert {"de/", "en/", "de/anmelden/"} <= seen
    assert any(page["signed_in"] for page in verdict.pages)


def test_an_icon_or_a_web_manifest_by_a_view_is_one_to_allow(stack, prove):
    manifest = json.dumps({"name": "sound", "start_url": "/", "icons": [{"src": stack.url.icon}]})
    kind = "application/manifest+json"
    stack.views |= {
        r"/app\.webmanifest": lambda request: web.Response(text=manifest, content_type=kind),
        r"/brand/icon\.svg": lambda request: web.Response(text="<svg/>", content_type="image/svg+xml"),
    }
    stack.pages["/"] = stack.pages["/"].replace(stack.url.manifest, "/app.webmanifest")
    stack.pages["/"] = stack.pages["/"].replace(stack.url.icon, "/brand/icon.svg", 1)
    findings = prove(browser=None).findings
    assert sorted(finding.url.removeprefix(stack.site_url) for finding in findings) == [
        "app.webmanifest",
        "brand/icon.svg",
    ]
    assert all("make a static file of it; else allow it: --allow='/" in finding.fix for finding in findings)
    allowed = (("/app.webmanifest", "names the visitor"), ("/brand/icon.svg", "shows the number of messages"))
    assert prove(browser=None, allow=allowed).findings == []


def test_a_service_worker_that_a_view_writes_in_full_is_one_to_allow(stack, prove):
    text = f"const own = 1; {'// ' + 'x' * 900}"
    stack.views[r"/sw\.js"] = lambda request: web.Response(text=text, content_type="text/javascript")
    add(stack, '<script src="/sw.js"></script>')
    (finding,) = prove(browser=None).findings
    assert "a view of the origin makes it" in finding.what and "--allow='/sw.js=the reason'" in finding.fix
    assert prove(browser=None, allow=(("/sw.js", "it has the visitor's key"),)).findings == []


def test_a_static_object_with_a_version_in_its_query(stack, prove):
    stack.static["plain.css"] = Object(b"a{}", "text/css", "public, max-age=300")
    add(stack, f'<link rel="stylesheet" href="{stack.static_url}plain.css?v=3">')
    assert prove(browser=None).findings == []
