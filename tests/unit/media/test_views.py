"""The endpoint that signs upload forms."""

import json

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from slipway.web.media.backends import media
from slipway.web.media.bucket import S3Media
from slipway.web.media.errors import DOWN, UploadError
from slipway.web.media.limits import VARIANT_BYTES
from slipway.web.media.ticket import Ticket

FILES = {"files": [{"name": "original", "type": "image/jpeg"}, {"name": "480", "type": "image/webp"}]}


@pytest.fixture
def client(user):
    client = Client()
    client.force_login(user)
    return client


def ask(client, body=FILES, **options):
    body = body if isinstance(body, str) else json.dumps(body)
    return client.post(reverse("slipway-media:sign"), body, content_type="application/json", **options)


def test_it_answers_with_a_ticket_and_a_form_for_each_file(client, user):
    answer = ask(client).json()
    ticket = Ticket.load(answer["ticket"], str(user.pk))
    original, small = answer["files"]
    assert [form["fields"]["key"] for form in (original, small)] == [ticket.key("original"), ticket.key("480")]
    assert [form["fields"]["Content-Type"] for form in (original, small)] == ["image/jpeg", "image/webp"]
    assert (original["limit"], small["limit"]) == (25_000_000, VARIANT_BYTES)


def test_the_limit_of_an_original_is_a_setting(client):
    with override_settings(SLIPWAY_IMAGE_MAX_BYTES=1000):
        assert ask(client).json()["files"][0]["limit"] == 1000


def test_a_signed_out_user_gets_an_error(database):
    answer = ask(Client())
    assert answer.status_code == 401
    assert "Sign in" in answer.json()["error"]


def test_it_requires_the_csrf_token_and_post(client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert ask(strict).status_code == 403
    assert client.get(reverse("slipway-media:sign")).status_code == 405


@pytest.mark.parametrize(
    "body",
    (
        "",
        "[]",
        "null",
        '{"files": 1}',
        '{"files": [{"name": "original"}]}',
        '{"files": [{"name": 1, "type": {}}]}',
        '{"files": ["original"]}',
        '{"files": [{"name": "original", "type": "image/jpeg", "size": "7"}]}',
        '{"files": [{"name": "original", "type": "image/jpeg", "size": true}]}',
        "\xff",
    ),
)
def test_what_it_cannot_read_is_rejected(client, body):
    answer = ask(client, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "The list of files cannot be read.")


@pytest.mark.parametrize("kind", ("image/svg+xml", "text/html", "image/gif", "application/octet-stream"))
def test_other_types_get_no_form(client, kind):
    answer = ask(client, {"files": [{"name": "original", "type": kind}]})
    assert answer.status_code == 400
    assert "Only JPEG, PNG and WebP" in answer.json()["error"]


def test_a_size_that_is_announced_and_too_large_is_rejected_at_once(client):
    answer = ask(client, {"files": [{"name": "original", "type": "image/jpeg", "size": 25_000_001}]})
    assert (answer.status_code, answer.json()["error"]) == (413, "The photo has 25 MB; at most 25 MB are allowed.")
    assert ask(client, {"files": [{"name": "original", "type": "image/jpeg", "size": 25_000_000}]}).status_code == 200


def test_a_long_list_is_rejected_unread(client):
    assert ask(client, json.dumps(FILES) + " " * 5000).status_code == 413


def test_a_user_begins_a_bounded_number_of_uploads_an_hour(client):
    with override_settings(SLIPWAY_UPLOADS_PER_HOUR=2):
        statuses = [ask(client).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_a_store_that_is_down_is_an_error_with_a_sentence(client, folder, monkeypatch):
    def down(*_):
        raise UploadError(DOWN)

    monkeypatch.setattr(folder, "sign", down)
    answer = ask(client)
    assert (answer.status_code, answer.json()["error"]) == (503, DOWN)


def test_with_a_bucket_the_site_receives_no_file():
    with override_settings(SLIPWAY_OFFLOAD=True, SLIPWAY_MEDIA_BUCKET="example-com"):
        media.cache_clear()
        assert isinstance(media(), S3Media)
        assert Client().post(reverse("slipway-media:receive"), {}).status_code == 404
    assert settings.SLIPWAY_OFFLOAD is False
