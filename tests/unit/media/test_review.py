"""The errors of an upload, and how much of it is read."""

import pytest

from slipway.web.media import backends
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.limits import VARIANT_BYTES
from slipway.web.media.object_bytes import WINDOW
from slipway.web.media.review import check
from slipway.web.media.ticket import Ticket
from tests.unit.media.pictures import exif, picture, said_to_be, with_far_dimensions
from tests.unit.media.pictures import upload as files_of


@pytest.fixture
def reads(folder, monkeypatch):
    """How many bytes each request read."""
    counted, read_range = [], folder.read_range

    def count(key, start, stop):
        part = read_range(key, start, stop)
        counted.append(len(part.body))
        return part

    monkeypatch.setattr(folder, "read_range", count)
    return counted


def test_a_good_upload_is_published_with_its_variants(upload, folder):
    image = check(upload()).publish()
    assert (image.width, image.height) == (1200, 900)
    assert [(each.width, each.height) for each in image.variants] == [(480, 360), (960, 720), (1200, 900)]
    assert all(key.startswith("media/public/2") for key in image.keys)
    assert folder.read_range(image.key, 0, 10**9).body == files_of()["original"]
    assert image.url == "/media/" + image.key.removeprefix("media/public/")
    assert image.srcset.split(", ")[0] == f"{image.variants[0].url} 480w"


def test_a_turned_photo_has_the_shape_that_people_see(upload):
    files = {"original": picture(900, 600, exif=exif(6)), "480": picture(480, 720, "WEBP")}
    image = check(upload(files)).publish()
    assert (image.width, image.height) == (600, 900)


def test_an_upload_without_variants_is_its_own_srcset(upload):
    image = check(upload({"original": picture(300, 200)})).publish()
    assert image.srcset == f"{image.url} 300w"


def test_no_more_than_a_window_of_a_file_is_read_at_once(upload, reads):
    original = with_far_dimensions(picture(exif=exif()), 20_000)
    large = original[:-2] + bytes(2_500_000) + original[-2:]
    check(upload({"original": large}))
    assert len(reads) == 3 and max(reads) <= WINDOW
    assert sum(reads) <= len(large) + 2  # a marker's two bytes may be in two windows


def test_what_is_no_photo_or_too_large_is_not_read_on(upload, reads):
    for body in (b"GIF89a" + bytes(5_000_000), picture()[:200] + bytes(26_000_000)):
        with pytest.raises(UploadError):
            check(upload({"original": body}))
    assert sum(reads) <= 2 * WINDOW


def wrong(change):
    files = files_of()
    change(files)
    return files


WRONG = {
    "cut off": (wrong(lambda files: files.update(original=files["original"][:-2])), "cut off"),
    "cut in the header": (wrong(lambda files: files.update(original=files["original"][:40])), "cut off"),
    "something behind": (wrong(lambda files: files.update(original=files["original"] + b"<html>")), "goes on behind"),
    "too many pixels": ({"original": said_to_be(10_000, 9_000)}, "at most 89 million"),
    "too long a side": ({"original": said_to_be(16_400, 10)}, "16383 on a side"),
    "another photo's variant": (wrong(lambda files: files.update({"480": picture(480, 480, "WEBP")})), "not of this"),
    "a variant wider than said": (wrong(lambda files: files.update({"480": picture(960, 720, "WEBP")})), "not of this"),
    "a variant above the original": ({"original": picture(100, 75), "480": picture(480, 360, "WEBP")}, "not of this"),
    "markup": (wrong(lambda files: files.update(original=b"<svg xmlns='http://www.w3.org/2000/svg'/>")), "not a JPEG"),
    "markup in a variant": (wrong(lambda files: files.update({"480": b"<html>" + bytes(90)})), "not a JPEG"),
    "too large a variant": (
        wrong(lambda files: files.update({"480": files["480"] + bytes(VARIANT_BYTES)})),
        "at most 4 MB",
    ),
}


@pytest.mark.parametrize(("files", "sentence"), WRONG.values(), ids=WRONG)
def test_each_error_has_its_sentence(upload, files, sentence):
    with pytest.raises(UploadError, match=sentence):
        check(upload(files))


def test_a_wrong_extension_is_rejected(upload):
    with pytest.raises(UploadError, match="not of the type"):
        check(upload({"original": picture(kind="PNG")}, types={"original": "image/jpeg"}))


def test_an_upload_that_is_not_there_is_rejected():
    with pytest.raises(UploadError, match="not complete"):
        check(Ticket.issue("1", {"original": "image/jpeg"}))


def test_a_file_changed_after_the_check_is_not_published(upload, folder):
    ticket = upload()
    pending = check(ticket)
    folder.store(ticket.key("960"), picture(960, 1, "WEBP"), "image/webp")
    with pytest.raises(UploadError, match=GONE):
        pending.publish()
    public = [path for path in folder.root.rglob("*") if path.is_file() and "incoming" not in path.parts]
    assert public == []


def test_a_file_changed_between_two_reads_is_rejected(upload, folder, monkeypatch):
    ticket = upload({"original": with_far_dimensions(picture(), 2_000_000)})
    read_range = folder.read_range

    def read_then_change(key, start, stop):
        part = read_range(key, start, stop)
        folder.store(key, picture(kind="PNG"), "image/png")
        return part

    monkeypatch.setattr(folder, "read_range", read_then_change)
    with pytest.raises(UploadError, match=GONE):
        check(ticket)


def test_the_store_is_the_folder_without_a_bucket(folder):
    assert backends.media() is folder
