"""The server has other names, and may serve static files under one of them."""

from aiohttp import web


def serving(stack, *names):
    """The origin has the static files under these names alone."""
    page = stack._page

    def answer(request):
        name = request.host.partition(":")[0]
        thing = stack.static.get(request.path.removeprefix("/static/")) if name in names else None
        return web.Response(body=thing.body, content_type=thing.type.partition(";")[0]) if thing else page(request)

    stack._page = answer


def findings(prove, **changes):
    return prove(browser=None, origin_log=None, login=None, **changes).findings


def test_the_bare_domain_the_address_and_the_cdns_old_name_are_asked(stack, prove):
    for name in ("sound.localhost", "127.0.0.1", "static.sound.localhost"):
        serving(stack, name)
    (finding,) = findings(prove)
    assert finding.check == "C"
    assert finding.what.startswith("the origin sends the file's own bytes below /static/ as http://")
    for name in ("sound.localhost", "127.0.0.1", "static.sound.localhost"):
        assert f"as http://{name}:{stack.origin_port}" in finding.what


def test_a_name_that_is_given_is_asked(stack, prove):
    serving(stack, "old.example.com")
    assert findings(prove) == []
    (finding,) = findings(prove, also=("old.example.com",))
    assert finding.url.startswith(f"http://old.example.com:{stack.origin_port}/static/")


def test_the_names_of_the_certificate_are_asked(stack, prove, monkeypatch):
    async def names(self, url):
        return ["*.example.com", "old.example.com"]

    monkeypatch.setattr("static_smoke.http.client.Client.certificate_names", names)
    serving(stack, "old.example.com")
    (finding,) = findings(prove)
    assert "as http://old.example.com:" in finding.what


def test_a_name_that_is_sent_on_to_the_site_serves_nothing(stack, prove):
    page = stack._page

    def answer(request):
        if request.host.startswith("www."):
            return page(request)
        return web.Response(status=301, headers={"Location": f"{stack.site_url.rstrip('/')}{request.path}"})

    stack._page = answer
    assert findings(prove) == []


def test_site_and_files_behind_one_cdn_have_its_names(stack, prove):
    page = stack._page

    def answer(request):
        thing = stack.static.get(request.path.lstrip("/")) if request.host.startswith("static.") else None
        if thing is None:
            return page(request)
        headers = {"Content-Type": thing.type, "X-Cache": "Hit from cloudfront"}
        return web.Response(body=thing.body, headers=headers)

    stack._page = answer
    assert findings(prove) == []


def test_a_page_that_names_the_server_by_another_name_leaks(stack, prove):
    """Such a host is no third party. One that is another server at the same address is."""
    port, cdn = stack.origin_port, stack.cdn_port
    named = [f"http://127.0.0.1:{port}/static/a.png", f"http://old.sound.localhost:{port}/static/b.png"]
    images = "".join(f'<img src="{url}" alt="">' for url in (*named, f"http://ads.localhost:{cdn}/c.png"))
    stack.pages["/"] = stack.pages["/"].replace("</body>", f"{images}</body>")
    verdict = prove(browser=None, origin_log=None, login=None)
    assert {finding.url for finding in verdict.findings} == set(named)
    assert {finding.check for finding in verdict.findings} == {"P"}
    assert "names a static file on the origin" in verdict.findings[0].what
