"""What `make cdn` provisions, through the edge: both hosts as a browser sees them."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from slipway.tool import config
from slipway.tool.cdn import cloudfront
from tests.integration.cdn.conftest import Account
from tests.unit.cdn.environment import CSS

SITE = "http://www.example.org"
STATIC, MEDIA = "static.example.org", "media.example.org"
OBJECTS = {
    "static/css/base.0123456789ab.css": "text/css; charset=utf-8",
    "media/public/photo.webp": "image/webp",
    "media/incoming/photo.webp": "image/webp",
    "releases/1.json": "application/json",
}


@pytest.fixture(scope="module")
def provisioned(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    file: Path = tmp_path_factory.mktemp("site") / "site.yml"
    file.write_text(
        f"domain: example.org\nsite: {SITE}\nstatic: http://{STATIC}\nmedia: http://{MEDIA}\n"
        "tls: none\nregion: eu-central-1\n"
    )
    site = config.load(file)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in account.env.items():
            patch.setenv(name, value)
        cloudfront.provision(site)
    for key, content_type in OBJECTS.items():
        bucket = site.media_bucket if key.startswith("media/") else site.bucket
        account.s3.put_object(Bucket=bucket, Key=key, Body=CSS, ContentType=content_type)
    yield account


def test_a_stylesheet_comes_compressed_and_then_from_the_cache(provisioned: Account):
    path = "/css/base.0123456789ab.css"
    first = provisioned.get(STATIC, path, Accept_Encoding="br")
    assert (first.status, first.headers["Content-Encoding"]) == (200, "br")
    assert provisioned.get(STATIC, path, Accept_Encoding="br").x_cache == "Hit"


@pytest.mark.parametrize(("host", "path"), [(STATIC, "/css/base.0123456789ab.css"), (MEDIA, "/photo.webp")])
def test_every_answer_allows_the_site_alone(provisioned: Account, host: str, path: str):
    # Without an Origin too, as an <img> asks: a browser that keeps that answer would block a later fetch() of the file.
    for asked in ({}, {"Origin": SITE}, {"Origin": "http://evil.test"}, {}):
        granted = provisioned.get(host, path, **asked).headers
        assert granted.get_all("Access-Control-Allow-Origin") == [SITE]
    assert granted["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert granted["X-Content-Type-Options"] == "nosniff"


def test_an_upload_opened_as_a_page_may_do_nothing(provisioned: Account):
    answer = provisioned.get(MEDIA, "/photo.webp")
    assert (answer.status, answer.headers["Content-Security-Policy"]) == (200, "default-src 'none'; sandbox")


@pytest.mark.parametrize("host", [STATIC, MEDIA])
@pytest.mark.parametrize(
    "path",
    ["/", "/media/incoming/photo.webp", "/../incoming/photo.webp", "/releases/1.json", "/../releases/1.json", "/lost"],
)
def test_nothing_else_is_served_and_nothing_is_listed(provisioned: Account, host: str, path: str):
    assert provisioned.get(host, path).status in (403, 404)


def test_a_missing_key_is_a_404(provisioned: Account):
    assert {provisioned.get(host, "/lost").status for host in (STATIC, MEDIA)} == {404}


def test_a_preflight_of_the_site_is_answered_and_of_a_stranger_rejected(provisioned: Account):
    asked = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "x-asked"}
    granted = provisioned.get(STATIC, "/css/base.0123456789ab.css", "OPTIONS", Origin=SITE, **asked)
    assert (granted.status, granted.headers["Access-Control-Allow-Origin"]) == (200, SITE)
    assert granted.headers["Access-Control-Allow-Headers"] == "x-asked"
    rejected = provisioned.get(STATIC, "/css/base.0123456789ab.css", "OPTIONS", Origin="http://evil.test", **asked)
    assert rejected.headers["Access-Control-Allow-Origin"] != "http://evil.test"


def test_a_key_requested_before_its_upload_is_there_after_it(provisioned: Account):
    assert provisioned.get(STATIC, "/late.css").status == 404
    provisioned.s3.put_object(Bucket="example-org", Key="static/late.css", Body=CSS, ContentType="text/css")
    assert provisioned.get(STATIC, "/late.css").status == 200


PAGE = b"<link rel=icon href=data:,>"
# An <img> without CORS, and then with it: what a canvas needs, like a fetch() of what a tag loaded.
LOADED_TWICE = """async (url) => {
  const load = (crossOrigin) => new Promise((resolve) => {
    const image = Object.assign(new Image(), crossOrigin && { crossOrigin });
    image.onload = () => resolve("loaded");
    image.onerror = () => resolve("blocked");
    image.src = url;
  });
  return [await load(), await load("anonymous"), (await fetch(url)).status];
}"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def visitor(browser: Browser, provisioned: Account) -> Iterator[BrowserPage]:
    """A page of the site, whose browser finds both hosts at the edge."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    rules = f"MAP www.example.org 127.0.0.1:{site.server_port},MAP * 127.0.0.1:{provisioned.edge.port}"
    flags = ["--no-proxy-server", f"--host-resolver-rules={rules}", "--no-sandbox"]
    opened = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=flags)
    page = opened.new_page()
    page.goto(SITE)
    yield page
    opened.close()
    site.shutdown()
    site.server_close()


@pytest.mark.parametrize("host", [STATIC, MEDIA])
def test_a_browser_that_loaded_a_picture_may_read_it_later(provisioned: Account, visitor: BrowserPage, host: str):
    bucket, prefix = ("example-org", "static") if host == STATIC else ("example-org-media", "media/public")
    picture = BytesIO()
    Image.new("RGB", (4, 3)).save(picture, "PNG")
    immutable = "public, max-age=31536000, immutable"
    provisioned.s3.put_object(
        Bucket=bucket, Key=f"{prefix}/p.png", Body=picture.getvalue(), ContentType="image/png", CacheControl=immutable
    )
    assert visitor.evaluate(LOADED_TWICE, f"http://{host}/p.png") == ["loaded", "loaded", 200]
