"""The command that gives older uploads the headers of new ones."""

import pytest
from django.core.management import CommandError, call_command

from gallery.models import Photo
from slipway.web.media.errors import DOWN, GONE, UploadError
from slipway.web.media.seeding import store_image
from tests.unit.media.pictures import picture


@pytest.fixture
def photo(user):
    return Photo.objects.create(image=store_image(picture(600, 400)), owner=user)


@pytest.fixture
def errors(folder, monkeypatch):
    """What the store answers, by key, instead of renewing it."""
    answers = {}

    def renew(key):
        if key in answers:
            raise UploadError(answers[key])
        answers[key] = "asked twice"
        return True

    monkeypatch.setattr(folder, "renew", renew)
    return answers


def run(capsys):
    call_command("renew_media")
    return capsys.readouterr().out.strip()


def test_every_object_of_every_row_is_renewed(photo, errors, capsys):
    assert run(capsys) == "3 uploads: 3 renewed"
    assert errors.keys() == set(photo.image.keys)


def test_one_that_is_not_in_the_bucket_is_counted(photo, errors, capsys):
    errors[photo.image.key] = GONE
    assert run(capsys) == "3 uploads: 2 renewed; 1 are not in the bucket"


def test_a_bucket_that_does_not_answer_ends_it_with_one_line(photo, errors):
    errors[photo.image.keys[1]] = DOWN
    with pytest.raises(CommandError, match=r"does not answer .* 1 of the uploads before it were renewed"):
        call_command("renew_media")
