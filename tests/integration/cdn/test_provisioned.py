"""What `make cdn` provisions, through the edge: both hosts as a browser sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_the_site_alone_is_granted_cors_on_the_static_host(provisioned: Account):
    path = "/css/base.0123456789ab.css"
    granted = provisioned.get(STATIC, path, Origin=SITE).headers
    assert granted["Access-Control-Allow-Origin"] == SITE
    assert granted["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert granted["X-Content-Type-Options"] == "nosniff"
    rejected = provisioned.get(STATIC, path, Origin="http://evil.test").headers
    assert rejected["Access-Control-Allow-Origin"] is None


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
    assert rejected.headers["Access-Control-Allow-Origin"] is None


def test_a_key_requested_before_its_upload_is_there_after_it(provisioned: Account):
    assert provisioned.get(STATIC, "/late.css").status == 404
    provisioned.s3.put_object(Bucket="example-org", Key="static/late.css", Body=CSS, ContentType="text/css")
    assert provisioned.get(STATIC, "/late.css").status == 200
