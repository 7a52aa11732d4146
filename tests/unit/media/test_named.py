"""The command that lists which uploads the rows name, and how the deploying machine reads it."""

import pytest
from django.core.management import call_command

from gallery.models import Photo
from slipway.tool.backups.media import Row, Uploads, rows_of
from slipway.web.errors import SlipwayError
from slipway.web.media.seeding import store_image
from tests.unit.media.pictures import picture


def test_each_row_is_listed_with_its_objects(user, folder, capsys):
    photo = Photo.objects.create(image=store_image(picture(600, 400)), owner=user)
    call_command("named_media")
    rows = rows_of(capsys.readouterr().out)
    assert rows == [Row("gallery.Photo", str(photo.pk), key) for key in photo.image.keys]
    assert len(rows) == 3


def test_no_row_is_no_line(database, capsys):
    call_command("named_media")
    assert rows_of(capsys.readouterr().out) == []


@pytest.mark.parametrize("text", ["Unknown command: 'named_media'", "[1, 2]", "{}", '["a", "b", 3]'])
def test_another_answer_is_one_line(text):
    with pytest.raises(SlipwayError, match="did not list the uploads"):
        rows_of(text)


def test_dangling_rows_are_named():
    text = Uploads(("media/public/a",), (Row("gallery.Photo", "7", "media/public/b"),)).lines()
    assert text[0] == "1 uploads that were deleted since are there again"
    assert text[-1] == "    gallery.Photo 7: media/public/b"
    assert Uploads((), ()).lines() == []
