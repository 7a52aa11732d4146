"""Development's store follows the rules of the bucket."""

import os
import subprocess
import sys
import time

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from slipway.web.management.commands import clear_incoming
from slipway.web.media.folder import RejectedForm
from slipway.web.media.limits import FORM_SECONDS, INCOMING_SECONDS

KEY = "media/incoming/x/original.jpg"


def post(folder, body=b"photo", **changes):
    form = folder.sign(KEY, "image/jpeg", 10)
    folder.receive(form.fields | changes, SimpleUploadedFile("a", body))


def test_what_the_form_announced_is_taken(folder):
    post(folder)
    assert folder.read_range(KEY, 0, 99).body == b"photo"


@pytest.mark.parametrize(
    ("changes", "code"),
    (
        ({"body": b"eleven byte"}, "EntityTooLarge"),
        ({"body": b""}, "EntityTooSmall"),
        ({"Content-Type": "text/html"}, "AccessDenied"),
        ({"key": "media/incoming/y/original.jpg"}, "AccessDenied"),
        ({"key": "media/public/original.jpg"}, "AccessDenied"),
        ({"policy": "forged"}, "SignatureDoesNotMatch"),
        ({"policy": ""}, "SignatureDoesNotMatch"),
    ),
)
def test_what_breaks_the_policy_is_rejected_with_s3s_message(folder, changes, code):
    with pytest.raises(RejectedForm) as rejected:
        post(folder, **changes)
    assert rejected.value.code == code
    assert not folder.root.exists()


def test_a_form_expires(folder, monkeypatch):
    form = folder.sign(KEY, "image/jpeg", 10)
    later = time.time() + FORM_SECONDS + 1
    monkeypatch.setattr("slipway.web.media.folder.time.time", lambda: later)
    with pytest.raises(RejectedForm) as rejected:
        folder.receive(form.fields, SimpleUploadedFile("a", b"photo"))
    assert (rejected.value.code, "expired" in rejected.value.message) == ("AccessDenied", True)


@pytest.mark.parametrize("key", ("media/incoming/../../../etc/passwd", "media/public/../../x"))
def test_no_key_is_outside_the_folder(folder, key):
    with pytest.raises(SuspiciousFileOperation):
        folder.store(key, b"", "image/jpeg")


def test_the_view_answers_as_the_bucket_does(folder):
    form = folder.sign(KEY, "image/jpeg", 10)
    client = Client(enforce_csrf_checks=True)
    taken = client.post(form.url, form.fields | {"file": SimpleUploadedFile("a", b"photo")})
    rejected = client.post(form.url, form.fields | {"file": SimpleUploadedFile("a", b"x" * 11)})
    empty = client.post(form.url, form.fields)
    assert (taken.status_code, taken.content) == (204, b"")
    assert (rejected.status_code, rejected["Content-Type"]) == (400, "application/xml")
    assert b"<Error><Code>EntityTooLarge</Code>" in rejected.content
    assert b"<Code>InvalidArgument</Code>" in empty.content


def test_development_never_loads_the_clouds_library(tmp_path):
    script = """
import django, sys
django.setup()
import slipway.web.media.admin, slipway.web.media.views
from slipway.web.media.folder import LocalMedia
store = LocalMedia(sys.argv[1], "/media/")
store.sign("media/incoming/x/a.jpg", "image/jpeg", 9)
store.store("media/public/a.jpg", b"1", "image/jpeg")
store.url("media/public/a.jpg")
print(sorted({"boto3", "botocore", "storages", "PIL"} & {name.split(".")[0] for name in sys.modules}))
"""
    env = {
        "DJANGO_SETTINGS_MODULE": "fixture.settings",
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout.strip() == "[]"


def test_uploads_that_nobody_finished_within_a_day_are_cleared_and_nothing_else(folder, capsys, monkeypatch):
    monkeypatch.setattr(clear_incoming, "media", lambda: folder)
    post(folder)
    folder.store("media/public/a.jpg", b"published", "image/jpeg")
    now = time.time()
    for age in (INCOMING_SECONDS - 60, INCOMING_SECONDS + 60):
        monkeypatch.setattr(clear_incoming.time, "time", lambda age=age: now + age)
        call_command("clear_incoming")
    assert capsys.readouterr().out == "0 incoming uploads removed\n1 incoming uploads removed\n"
    assert folder.read_range("media/public/a.jpg", 0, 99).body == b"published"
