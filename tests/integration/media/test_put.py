"""Uploads to a store without POST Object: each file by a presigned PUT, its type and its length signed."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import botocore.auth
import pytest
import requests

from rehearsal.local_site import ROOT, USER
from slipway.tool import config
from slipway.tool.providers import cloudflare
from slipway.web.media.errors import UploadError
from slipway.web.media.limits import FORM_SECONDS, byte_limit
from slipway.web.media.review import check
from slipway.web.media.ticket import Ticket
from tests.integration.media.conftest import SITE
from tests.integration.media.test_browser import PHOTO, add
from tests.unit.media.pictures import picture

KEY = "media/incoming/folder/original.jpg"
BODY = picture()


def described_rule(tmp_path, site):
    """The CORS rule that `make cdn` tells people to set, for a bucket at Cloudflare."""
    file = tmp_path / "site.yml"
    file.write_text(f"domain: example.com\nsite: {site}\nprovider: cloudflare\nendpoint: https://r2.example.net\n")
    steps = " ".join(step.what for step in cloudflare.describe(config.load(file)))
    return json.loads(re.search(r"\{.*?\}", steps)[0])


@pytest.fixture
def store(store, admin, bucket, tmp_path, monkeypatch):
    """The store of a site at a provider without upload forms."""
    monkeypatch.setenv("SLIPWAY_PROVIDER", "cloudflare")
    rules = {"CORSRules": [described_rule(tmp_path, SITE)]}
    admin.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)
    return store


def put(form, body, **headers):
    """What the browser sends."""
    assert form.method == "PUT"
    return requests.put(form.url, body, headers={"Origin": SITE, **form.fields, **headers}, timeout=30)


def test_what_was_announced_is_taken_and_published(store, admin, bucket):
    ticket = Ticket.issue("1", {"original": "image/jpeg"})
    form = store.sign(ticket.key("original"), "image/jpeg", byte_limit("original"), len(BODY))
    assert put(form, BODY).status_code == 200
    image = check(ticket).publish()
    assert admin.get_object(Bucket=bucket, Key=image.key)["Body"].read() == BODY


REJECTED = {
    "longer": (KEY, BODY + b"x", {}),
    "shorter": (KEY, BODY[:-1], {}),
    "wrong type": (KEY, BODY, {"Content-Type": "text/html"}),
    "other key": ("media/incoming/folder/other.jpg", BODY, {}),
    "public key": ("media/public/x.jpg", BODY, {}),
}


@pytest.mark.parametrize(("key", "body", "headers"), REJECTED.values(), ids=REJECTED)
def test_the_store_rejects_what_was_not_signed(store, admin, bucket, key, body, headers):
    form = store.sign(KEY, "image/jpeg", 10**6, len(BODY))
    answer = requests.put(
        form.url.replace(KEY, key), body, headers={"Origin": SITE, **form.fields, **headers}, timeout=30
    )
    assert answer.status_code == 403, answer.text
    # Without it the page's script could not read the reason.
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "Contents" not in admin.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize(("ago", "status"), [(FORM_SECONDS - 30, 200), (FORM_SECONDS + 1, 403)])
def test_five_minutes_are_all_it_has(store, monkeypatch, ago, status):
    signed = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=ago)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: signed)
    assert put(store.sign(KEY, "image/jpeg", 10**6, len(BODY)), BODY).status_code == status


@pytest.mark.parametrize("size", [0, 1001])
def test_nothing_is_signed_beyond_the_limit(store, size):
    with pytest.raises(UploadError, match="1 to 1000"):
        store.sign(KEY, "image/jpeg", 1000, size)


def test_a_store_that_lets_more_pass_than_was_signed_is_found_out_after_arrival(store, admin, bucket):
    ticket = Ticket.issue("1", {"original": "image/jpeg"})
    admin.put_object(Bucket=bucket, Key=ticket.key("original"), Body=bytes(byte_limit("original") + 1))
    with pytest.raises(UploadError, match="at most 25 MB"):
        check(ticket)


@pytest.fixture
def elsewhere(local_site, local_s3, tmp_path):
    """The whole site, as at a provider without upload forms."""
    bucket = local_site.site.media_bucket
    before = local_s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    rules = {"CORSRules": [described_rule(tmp_path, local_site.site.site_url)]}
    local_s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)
    local_site.restart_gunicorn(env={"SLIPWAY_PROVIDER": "cloudflare"})
    yield
    local_site.restart_gunicorn()
    local_s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": before})


def test_the_page_uploads_by_put_under_its_own_policy(elsewhere, visitor, local_site, original):
    puts = []
    visitor.page.on("request", lambda request: request.method == "PUT" and puts.append(request.url.partition("?")[0]))
    add(visitor, "Morning")
    source = visitor.page.get_by_role("main").get_by_role("img", name="A gradient").get_attribute("src")
    incoming = f"http://127.0.0.1:{local_site.ports['s3']}/{local_site.site.media_bucket}/media/incoming/"
    assert len(puts) == 4
    assert all(url.startswith(incoming) for url in puts)
    assert [url for url, _ in visitor.posts if not url.startswith(local_site.site.site_url)] == []
    assert visitor.complaints == []
    assert visitor.broken_images() == []
    assert original(source)["ContentLength"] <= len(PHOTO)


def test_the_proof_tries_such_an_upload_too(elsewhere, local_site):
    command = [
        sys.executable,
        "-m",
        "static_smoke",
        "--site",
        local_site.site.site_url,
        "--static",
        local_site.site.static_url,
    ]
    command += [
        "--media",
        local_site.site.media_url,
        "--report",
        str(local_site.report),
        "--browser",
        "none",
        "--max-pages",
        "1",
    ]
    command += ["--upload", "/uploads/sign/"]
    env = local_site.variables("web") | {"SMOKE_LOGIN": f"{USER}:{local_site.password}"}
    subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=False)
    report = json.loads((local_site.report / "smoke.json").read_text())
    assert [finding for finding in report["findings"] if finding["check"] == "A"] == []
    # Both files were sent.
    assert report["checks"]["A"]["checked"] == 2
    assert not any("uploads" in note for note in report["notes"])
