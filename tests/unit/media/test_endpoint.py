"""The upload URL in the CSP, compared with the one that boto3 signs."""

import os
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest

from slipway.tool.push import Bucket
from slipway.web.errors import SlipwayError
from slipway.web.media import client
from slipway.web.media.bucket import S3Media
from slipway.web.media.endpoint import upload_origin

REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "auto")
ENDPOINTS = (
    {},
    {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8002"},
    {"AWS_ENDPOINT_URL": "https://s3.example.net/store/"},
)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=("aws", "local", "another"))
@pytest.mark.parametrize("bucket", ("example-com", "example.com"))
@pytest.mark.parametrize("region", REGIONS)
def test_it_is_the_url_that_boto3_signs(endpoint, bucket, region):
    environ = endpoint | {"AWS_STORAGE_BUCKET_NAME": bucket, "AWS_DEFAULT_REGION": region}
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": os.devnull}
    with mock.patch.dict(os.environ, environ | keys, clear=True):
        signed = client._make().generate_presigned_post(bucket, "media/incoming/x")
    assert signed["url"].rstrip("/") == upload_origin(environ)
    assert signed["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert region in signed["fields"]["x-amz-credential"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=("aws", "local", "another"))
def test_where_no_form_is_taken_it_covers_the_urls_that_boto3_signs_and_no_others(endpoint, monkeypatch):
    environ = {"AWS_STORAGE_BUCKET_NAME": "example-com", "AWS_DEFAULT_REGION": "auto", "SLIPWAY_PROVIDER": "cloudflare"}
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": os.devnull}
    with mock.patch.dict(os.environ, environ | endpoint | keys, clear=True):
        monkeypatch.setattr(client, "_client", None)
        form = S3Media("example-com", "").sign("media/incoming/x/original.jpg", "image/jpeg", 10, 7)
    source = upload_origin(environ | endpoint)
    assert form.url.startswith(source)
    # https://www.w3.org/TR/CSP3/#path-part-match: without the slash it would be one exact path.
    assert source.endswith("/media/incoming/")
    signed = parse_qs(urlsplit(form.url).query)
    assert signed["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert signed["X-Amz-Expires"] == ["300"]
    assert not any("checksum" in name.lower() for name in signed)
    assert (form.method, form.fields) == ("PUT", {"Content-Type": "image/jpeg"})


@pytest.mark.parametrize(
    ("style", "source"),
    [
        ("path", "https://s3.example.net/example-com/media/incoming/"),
        ("virtual", "https://example-com.s3.example.net/media/incoming/"),
    ],
)
def test_site_yml_says_how_any_s3_server_is_asked(style, source, monkeypatch):
    environ = {"AWS_STORAGE_BUCKET_NAME": "example-com", "AWS_DEFAULT_REGION": "garage", "SLIPWAY_PROVIDER": "s3"}
    environ |= {"AWS_ENDPOINT_URL_S3": "https://s3.example.net", "SLIPWAY_S3_ADDRESSING": style}
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": os.devnull}
    with mock.patch.dict(os.environ, environ | keys, clear=True):
        monkeypatch.setattr(client, "_client", None)
        form = S3Media("example-com", "").sign("media/incoming/x/original.jpg", "image/jpeg", 10, 7)
        pushed = Bucket("example-com", "garage").access().url
    assert form.url.startswith(source) and upload_origin(environ) == source
    assert f"{pushed}/media/incoming/" == source


@pytest.mark.parametrize("missing", ("AWS_STORAGE_BUCKET_NAME", "AWS_DEFAULT_REGION"))
def test_a_missing_variable_is_named(missing):
    environ = {"AWS_STORAGE_BUCKET_NAME": "example-com", "AWS_DEFAULT_REGION": "eu-central-1"}
    del environ[missing]
    with pytest.raises(SlipwayError, match=missing):
        upload_origin(environ)
