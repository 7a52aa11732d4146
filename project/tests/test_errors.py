"""The error pages: each whole, even when database or templates fail."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.db.utils import OperationalError
from django.http import HttpResponse
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import path

from photowall import errors
from photowall.errors import bad_request, page_not_found, permission_denied, server_error


def broken(request):
    raise RuntimeError("on purpose")


def suspicious(request):
    raise SuspiciousOperation("on purpose")


urlpatterns = [path("broken/", broken), path("suspicious/", suspicious)]
handler400, handler403, handler404, handler500 = (
    bad_request,
    permission_denied,
    page_not_found,
    server_error,
)


@pytest.fixture
def broken_site(settings):
    settings.ROOT_URLCONF = __name__


def assert_whole(answer, status, text):
    """A page of the site's own: its text, its icons and its stylesheet."""
    page = answer.content.decode()
    assert answer.status_code == status
    assert text in page
    assert 'rel="icon" href="/static/favicon.ico"' in page
    assert 'rel="apple-touch-icon"' in page
    assert '<link rel="stylesheet" href="/static/css/error.css">' in page


def test_an_unknown_address_has_a_page(client):
    assert_whole(client.get("/nowhere/"), 404, "Nothing moored here")


def test_an_unknown_host_has_a_page(client):
    assert_whole(client.get("/", headers={"Host": "elsewhere.example"}), 400, "That signal was garbled")


def test_a_form_without_its_token_has_a_page(owner):
    client = Client(enforce_csrf_checks=True)
    assert_whole(client.post("/login/", {"username": "ada"}), 403, "The form had drifted")


@pytest.mark.parametrize("address", ["/logout/", "/wall/1/delete/"])
def test_a_form_s_address_opened_directly_has_a_page(client, address):
    answer = client.get(address)
    assert_whole(answer, 405, "Wrong way round")
    assert answer["Allow"] == "POST"


def test_somebody_else_s_photo_has_a_page(client, django_user_model, hang):
    photo = hang()
    client.force_login(django_user_model.objects.create_user("bea"))
    assert_whole(client.post(f"{photo.get_absolute_url()}delete/"), 403, "These waters are closed")


def test_a_mistake_in_a_view_has_a_page(client, broken_site):
    assert_whole(client.get("/broken/"), 500, "We have run aground")
    assert_whole(client.get("/suspicious/"), 400, "That signal was garbled")


def test_a_chosen_theme_holds_on_error_pages(client):
    answer = client.get("/nowhere/")
    nonce = answer["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    assert f'<script nonce="{nonce}">' in answer.content.decode()


def test_error_pages_use_neither_database_nor_context_processors(client, monkeypatch):
    def reject(*args, **kwargs):
        raise OperationalError("the database is away")

    # Undone before the test ends, which rolls the database back.
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", reject)
        patch.setattr(engines["django"].engine, "template_context_processors", [reject])
        assert_whole(client.get("/nowhere/"), 404, "Nothing moored here")
        assert_whole(client.get("/"), 500, "We have run aground")


def test_the_page_of_a_closed_site_needs_no_visitor_and_fits_into_nginx():
    page = render_to_string("503.html")
    assert "Low tide" in page and "<script" not in page
    # As `make maintenance` wants it.
    assert len(page.encode()) < 3500


def test_a_page_is_sent_even_when_no_template_can_be_rendered(monkeypatch):
    def reject(*args, **kwargs):
        raise ValueError("no static manifest")

    monkeypatch.setattr(errors, "render_to_string", reject)
    answer = server_error(RequestFactory().get("/"))
    assert (answer.status_code, answer.content.decode()) == (500, errors.LAST_RESORT)
    assert '<link rel="icon" href="data:,">' in errors.LAST_RESORT  # no browser requests an icon


def test_a_view_answers_the_methods_it_allows():
    view = errors.allow("GET")(lambda request: HttpResponse("yes"))
    assert view(RequestFactory().get("/")).content == b"yes"
    assert view(RequestFactory().post("/")).status_code == 405
