"""The origin serves static files: what a real server makes of the canary's paths."""

from aiohttp import web

from tests.integration.smoke.stack import Object, png

PATHS = {
    "/STATIC/": "in capitals",
    "/static//": "after two slashes",
    "/static/./": "after /./",
    "/static../static/": "after ..",
    "/%73tatic/": "with an encoded letter",
}


def test_unusual_paths_arrive_as_they_were_meant(stack, prove):
    page = stack._page

    def answer(request):
        name = next((request.raw_path.removeprefix(it) for it in PATHS if request.raw_path.startswith(it)), "")
        thing = stack.static.get(name)
        return web.Response(body=thing.body, content_type=thing.type.partition(";")[0]) if thing else page(request)

    stack._page = answer
    (finding,) = prove(browser=None, origin_log=None, login=None).findings
    assert finding.check == "C"
    assert all(how in finding.what for how in PATHS.values()), finding.what


def test_a_site_that_serves_its_own_files_is_told_so_in_one_finding(stack, prove):
    """WhiteNoise alone: no page names a CDN."""
    stack.wraps = lambda path, html: html.replace(stack.static_url, "/static/").replace(stack.media_url, "/static/")
    stack.origin_files = {f"/static/{name}": it for name, it in stack.static.items()}
    stack.origin_files["/static/photo-1.png"] = Object(png(5), "image/png")
    verdict = prove(static=None, media=None, manifests=(), login=None)
    (finding,) = verdict.findings
    assert finding.what.startswith("no page names another host for static files: the origin sends 12, ")
    assert finding.fix.startswith("put the static files on a CDN")
    assert verdict.verdict == "failed" and verdict.sentence.startswith("1 finding (checks: C")
