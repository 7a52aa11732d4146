"""A FileField of another package stores its file in the bucket, with the web process's own key."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from botocore.exceptions import ClientError
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.test import override_settings

from slipway.web.media.files import FileStorage
from slipway.web.media.naming import new_folder, public_key
from slipway.web.prefixes import PUBLIC_PREFIX


@pytest.fixture
def storage(store):
    """As a site with a bucket has it: no option is given."""
    return FileStorage()


def test_the_same_name_twice_makes_two_files(storage):
    names = [storage.save("docs/report.txt", ContentFile(text)) for text in (b"one", b"two")]
    assert names[0] != names[1]
    assert [storage.open(name).read() for name in names] == [b"one", b"two"]
    with override_settings(MEDIA_URL="https://media.example.com/"):
        assert storage.url("docs/a b.txt") == "https://media.example.com/docs/a%20b.txt"


def test_a_file_can_be_deleted_and_an_uploaded_image_cannot(storage):
    name = storage.save("docs/report.txt", ContentFile(b"one"))
    storage.delete(name)
    with pytest.raises(ClientError, match="403"):  # what a process that may not list the bucket is told
        storage.open(name).read()
    image = public_key(new_folder(), "original", "image/jpeg")
    storage.bucket.put_object(Key=image, Body=b"jpeg")
    with pytest.raises(SuspiciousFileOperation, match="ImageUploadField"):
        storage.delete(image.removeprefix(PUBLIC_PREFIX))
    assert storage.open(image.removeprefix(PUBLIC_PREFIX)).read() == b"jpeg"


def test_a_name_keeps_within_the_fields_length(storage):
    name = storage.get_available_name("docs/" + "x" * 120 + ".txt", max_length=100)
    assert len(name) == 100 and name.endswith(".txt")
    with pytest.raises(SuspiciousFileOperation, match="max_length"):
        storage.get_available_name("docs/report.txt", max_length=10)


def test_threads_share_one_connection(storage):
    """The library makes one each, of 17 MB."""
    together = Barrier(4)

    def connection(_):
        together.wait()
        return storage.connection

    with ThreadPoolExecutor(4) as pool:
        assert len({id(each) for each in pool.map(connection, range(4))}) == 1
