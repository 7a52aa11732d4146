"""Who may add a photo, and who may take it down."""

import pytest

from wall.models import Photo


def test_adding_a_photo_needs_signing_in(client, owner):
    answer = client.get("/wall/add/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/wall/add/")
    client.force_login(owner)
    assert client.get("/wall/add/").status_code == 200


def test_signing_in_redirects_to_the_page_before(client, owner):
    form = {"username": "ada", "password": "a long enough password", "next": "/wall/add/"}
    assert client.post("/login/", form)["Location"] == "/wall/add/"
    assert client.post("/logout/")["Location"] == "/"


def test_a_wrong_password_is_an_error_on_the_page(client, owner):
    page = client.post("/login/", {"username": "ada", "password": "guess"}).content.decode()
    assert "Please enter a correct username and password" in page


def test_an_owner_takes_a_photo_down(client, owner, hang):
    photo = hang()
    client.force_login(owner)
    assert "Take down" in client.get(photo.get_absolute_url()).content.decode()
    answer = client.post(f"{photo.get_absolute_url()}delete/", follow=True)
    assert "“Low tide” is off the wall." in answer.content.decode()
    assert not Photo.objects.exists()


@pytest.mark.parametrize("signed_in", [False, True])
def test_nobody_else_takes_it_down(client, django_user_model, hang, signed_in):
    photo = hang()
    if signed_in:
        client.force_login(django_user_model.objects.create_user("bea"))
    assert "Take down" not in client.get(photo.get_absolute_url()).content.decode()
    answer = client.post(f"{photo.get_absolute_url()}delete/")
    assert answer.status_code == (403 if signed_in else 302)
    assert Photo.objects.exists()
