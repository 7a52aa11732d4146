"""The form field and widget, in a form of the site's and in the admin."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, TestCase
from django.urls import reverse

from gallery.forms import PhotoForm
from gallery.models import Photo
from slipway.web.media.forms import ImageUploadFormField
from slipway.web.media.review import PendingImage


@pytest.fixture
def client(user):
    user.is_staff = user.is_superuser = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def data(ticket, **changes):
    return {"image": ticket.dump(), "title": "Quay", "alt": "A quay"} | changes


def objects(folder):
    return sorted(path.name for path in folder.root.glob("2*/*/*"))


def test_a_form_hands_in_the_ticket_of_an_upload(client, user, upload):
    answer = client.post(reverse("gallery:add"), data(upload(user=str(user.pk))))
    photo = Photo.objects.get()
    assert answer.url == photo.get_absolute_url()
    assert (photo.image.width, photo.owner) == (1200, user)


def test_another_users_upload_is_rejected_with_a_sentence(client, upload):
    answer = client.post(reverse("gallery:add"), data(upload(user="999")))
    assert answer.status_code == 422
    assert "uploaded by somebody else" in answer.text
    assert "The photo is uploaded." not in answer.text
    assert not Photo.objects.exists()


def test_a_missing_photo_is_required(client):
    answer = client.post(reverse("gallery:add"), {"image": "", "title": "Quay", "alt": "A quay"})
    assert "Choose a photo." in answer.text


def test_a_form_with_another_error_keeps_the_upload_and_publishes_nothing(client, user, upload, folder):
    ticket = upload(user=str(user.pk))
    answer = client.post(reverse("gallery:add"), data(ticket, title=""))
    assert ticket.dump().split(":")[0] in answer.text
    assert "The photo is uploaded." in answer.text
    assert objects(folder) == []
    widget = PhotoForm(data(ticket), user=user)["image"].as_widget()
    assert ticket.dump().split(":")[0] in widget and " required" not in widget


def test_a_field_without_a_user_rejects_to_guess(upload):
    with pytest.raises(ImproperlyConfigured, match="user"):
        ImageUploadFormField().clean(upload().dump())


def test_editing_keeps_the_image_unless_another_is_uploaded(client, user, upload, folder):
    client.post(reverse("gallery:add"), data(upload(user=str(user.pk))))
    before = Photo.objects.get()
    page = reverse("admin:gallery_photo_change", args=[before.pk])
    kept = data(upload(), image="", title="Pier", owner=user.pk)
    assert client.post(page, kept).status_code == 302
    after = Photo.objects.get()
    assert (after.image, after.title) == (before.image, "Pier")
    with TestCase.captureOnCommitCallbacks(execute=True):
        replaced = data(upload(user=str(user.pk)), title="Pier", owner=user.pk)
        assert client.post(page, replaced).status_code == 302
    last = Photo.objects.get()
    assert last.image.key != before.image.key
    assert {path.parent.name for path in folder.root.glob("2*/*/*")} == {last.image.key.split("/")[-2]}


@pytest.mark.parametrize("page", ("gallery:add", "admin:gallery_photo_add"))
def test_a_page_with_the_widget_has_nothing_inline_and_speaks_without_scripts(client, page):
    text = client.get(reverse(page)).text
    widget = text[text.index("<image-upload") : text.index("</image-upload>")]
    assert "<noscript>" in widget and "needs JavaScript" in widget
    assert " style=" not in widget and " on" not in widget.replace(" on ", "") and "<script" not in widget
    assert 'for="id_image"' in text and 'id="id_image"' in widget
    for script in ("photo-metadata", "photo-variants", "bucket-upload", "image-upload"):
        assert f'src="/static/slipway/{script}.js" defer' in text


def test_the_admin_shows_the_present_photo(client, user, upload):
    client.post(reverse("gallery:add"), data(upload(user=str(user.pk))))
    photo = Photo.objects.get()
    text = client.get(reverse("admin:gallery_photo_change", args=[photo.pk])).text
    assert f'src="{photo.image.url}"' in text
    widget = text[text.index("<image-upload") : text.index("</image-upload>")]
    assert " required" not in widget


def test_what_a_form_cleans_to_is_not_public_yet(user, upload, folder):
    form = PhotoForm(data(upload(user=str(user.pk))), user=user)
    assert form.is_valid()
    assert isinstance(form.cleaned_data["image"], PendingImage)
    assert objects(folder) == []
