"""What scripts, JSON, playlists and stylesheets name is asked for: at the origin, and on the CDN."""

import json

from static_smoke.report.page import write
from tests.integration.smoke.stack import Object, png

FILM = "#EXTM3U\n#EXT-X-VERSION:3\n" + "".join(f"#EXTINF:4,\n{number}.ts\n" for number in range(50))
SCRIPT = """
const served = "/static/served.png", late = '/static/late.png';
navigator.serviceWorker.register("/sw.js");
const gone = "{cdn}img/gone.png";
"""
WORKER = "addEventListener('install', e => e.waitUntil(add(['/static/precached.css'])))"


def test_each_is_judged_by_its_answer(stack, prove, tmp_path):
    stack.origin_files["/static/served.png"] = Object(png(1), "image/png")
    stack.origin_files["/island.png"] = Object(png(1), "image/png")
    stack.origin_files["/sw.js"] = Object(WORKER.encode(), "text/javascript")
    stack.static["film.m3u8"] = Object(FILM.encode(), "application/vnd.apple.mpegurl", "max-age=60")
    for number in range(38):
        stack.static[f"{number}.ts"] = Object(b"ts", "video/mp2t", "max-age=60")
    script = stack.put("js/strings.js", SCRIPT.replace("{cdn}", stack.static_url), "text/javascript")
    style = stack.put("css/gone.css", "@layer x { p { background: url(/bg.png) } }", "text/css")
    island = '<script type="application/json">{"a": "/island.png", "b": "/photos/"}</script>'
    body = f'<video src="{stack.static_url}film.m3u8"></video><link rel="stylesheet" href="{style}">{island}'
    stack.pages["/"] = stack.page("home", f'{body}<script src="{script}"></script><a href="/gallery/">gallery</a>')
    stack.pages["/gallery/"] = stack.page("gallery", f'<script src="{script}"></script>')

    verdict = prove(browser=None, login=None, manifests=())

    film = f"{stack.static_url}film.m3u8"
    origin = {it.url.removeprefix(stack.site_url): it for it in verdict.findings if it.url.startswith(stack.site_url)}
    assert set(origin) == {"static/served.png", "island.png"}, verdict.findings
    assert origin["static/served.png"].place == script
    assert "line 2, column 16" in origin["static/served.png"].what
    others = [it for it in verdict.findings if it not in origin.values()]
    missing = {url.removeprefix(stack.static_url) for it in others for url in (it.url, *it.also)}
    assert missing == {"img/gone.png", "bg.png", "38.ts", "39.ts"}
    assert all(" 403" in it.what and it.place in (film, script, style) for it in others)
    worker = f"{stack.site_url}sw.js"
    assert {(it.url.removeprefix(stack.site_url), it.place) for it in verdict.maybes} == {
        ("static/late.png", script),
        ("static/precached.css", worker),
    }
    assert [(it.what, it.count) for it in verdict.left_out if "segments" in it.reason] == [("objects", 10)]
    asked = [json.loads(line) for line in stack.log.read_text().splitlines() if "/static/late.png" in line]
    assert len(asked) == 1 and asked[0]["run"] != verdict.run
    write(verdict, tmp_path / "report")
    assert "late.png" in (tmp_path / "report" / "index.html").read_text()


def test_maybes_fail_nothing_and_are_in_the_sentence(stack, prove):
    stack.pages["/"] = stack.pages["/"].replace("</body>", "<script>x = ['/static/late.png']</script></body>")
    verdict = prove(browser=None)
    assert verdict.findings == [] and [it.url for it in verdict.maybes] == [f"{stack.site_url}static/late.png"]
    assert verdict.sentence.endswith("; 1 string of scripts may be requests to the origin")
