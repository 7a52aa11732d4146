"""Uploads into the local AWS: by the web process's own code, and by Chromium on a whole site."""

import uuid

import boto3
import pytest
import requests
from botocore.config import Config
from django.test.utils import override_settings

from rehearsal.local_site import USER
from slipway.web.media import client
from slipway.web.media.backends import media
from slipway.web.media.limits import byte_limit
from slipway.web.media.ticket import Ticket
from tests.integration.media.visitor import Visitor

SITE = "https://www.example.com"
MEDIA_URL = "https://media.example.com/"


def s3(env):
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL_S3"],
        region_name=env["AWS_DEFAULT_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4"),
    )


@pytest.fixture(scope="session")
def admin(aws):
    """An S3 client that may do everything."""
    return s3(aws.env_of("admin"))


@pytest.fixture
def bucket(aws, admin):
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    admin.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    rule = {"AllowedMethods": ["POST"], "AllowedOrigins": [SITE], "AllowedHeaders": ["*"]}
    admin.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    return name


@pytest.fixture
def environ(aws, bucket):
    """The variables of the web process, with its own identity."""
    return aws.env_of("web") | {"AWS_STORAGE_BUCKET_NAME": bucket}


@pytest.fixture
def store(environ, bucket, monkeypatch):
    """The store of a site with a bucket."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "_client", None)
    with override_settings(SLIPWAY_OFFLOAD=True, SLIPWAY_MEDIA_BUCKET=bucket, MEDIA_URL=MEDIA_URL):
        media.cache_clear()
        yield media()
    media.cache_clear()


def post(form, body, **changes):
    """What the browser sends: the form's fields, then the file."""
    return requests.post(form.url, form.fields | changes, files={"file": body}, headers={"Origin": SITE}, timeout=30)


@pytest.fixture
def upload(store):
    """Posts files to the bucket and returns the ticket for them."""

    def send(files, types=None):
        ticket = Ticket.issue("1", types or dict.fromkeys(files, "image/webp") | {"original": "image/jpeg"})
        for name, body in files.items():
            answer = post(store.sign(ticket.key(name), ticket.types[name], byte_limit(name)), body)
            assert answer.status_code == 204, answer.text
        return ticket

    return send


@pytest.fixture(scope="session")
def local_s3(local_site):
    """The same for the whole site's bucket."""
    return s3(local_site.variables("admin"))


@pytest.fixture
def stored(local_site, local_s3):
    """Reads the object behind an address of the media host."""

    def read(url):
        key = url.replace(local_site.site.media_url, "media/public", 1)
        return local_s3.get_object(Bucket=local_site.site.media_bucket, Key=key)

    return read


@pytest.fixture
def original(local_site, local_s3):
    """Reads the original that lies beside a variant, by the variant's address: pages show variants alone."""

    def read(url):
        folder = url.replace(local_site.site.media_url, "media/public", 1).rpartition("/")[0]
        listed = local_s3.list_objects_v2(Bucket=local_site.site.media_bucket, Prefix=f"{folder}/original")["Contents"]
        (key,) = [each["Key"] for each in listed]
        return local_s3.get_object(Bucket=local_site.site.media_bucket, Key=key)

    return read


@pytest.fixture
def visitor(browser, local_site):
    """Somebody signed in to the whole site, who complains of nothing until the end."""
    visitor = Visitor(browser, local_site.site.site_url)
    visitor.sign_in("/login/", USER, local_site.password)
    yield visitor
    visitor.context.close()
