"""Signing in to the site, and to views of other libraries, during password guessing."""

import asyncio
import json
import logging

import pytest
from django.contrib import auth
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldError
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from slipway.web.sign_in import database, names
from slipway.web.sign_in.models import Account, KnownAddress

RIGHT = "a long enough password"
LIMIT = 10


def attempt(number=0, name="ada", password="guess", where="/login/", address=None, browser=None, **more):
    """The answer to one visitor's try; each number is another address."""
    address = address or f"203.0.{number // 250}.{number % 250 + 1}"
    browser = browser or Client()
    browser.cookies.pop("sessionid", None)  # signed out
    return browser.post(where, {"username": name, "password": password}, REMOTE_ADDR=address, **more)


@pytest.fixture
def guessed(owner, clock, hashed):
    """Ten wrong passwords for ada within this minute, each from another address."""
    for number in range(LIMIT):
        assert attempt(number).status_code == 200
    return hashed


@pytest.mark.parametrize("where", ["/login/", "/admin/login/"])
def test_after_the_limit_a_guess_is_rejected_unchecked_with_retry_after(where, guessed):
    before = len(guessed)
    answer = attempt(100, where=where)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert len(guessed) == before
    # The right password is not looked at either, or a guess would be answered.
    rejected = attempt(101, password=RIGHT, where=where)
    assert (rejected.status_code, "sessionid" in rejected.cookies) == (429, False)


def test_the_page_is_the_sites_own_with_its_headers(guessed):
    answer = attempt(100)
    assert "Too many tries" in answer.content.decode() and "css/error.css" in answer.content.decode()
    assert "'nonce-" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_a_program_is_answered_in_json(guessed):
    answer = attempt(100, headers={"Accept": "application/json"})
    assert answer.status_code == 429
    assert "Wait 60 seconds" in json.loads(answer.content)["detail"]


def test_a_client_that_respects_retry_after_gets_in_though_the_guessing_goes_on(guessed, clock):
    wait = int(attempt(100, password=RIGHT)["Retry-After"])
    for _ in range(wait):
        clock.now += 1
        attempt(0)
    assert attempt(100, password=RIGHT).status_code == 302


def test_an_address_that_signed_in_before_is_answered_at_once(owner, clock, hashed):
    assert attempt(address="2001:db8:1:2::1", password=RIGHT).status_code == 302
    for number in range(LIMIT):
        attempt(number)
    assert attempt(100, password=RIGHT).status_code == 429
    # The same customer's, of IPv6.
    assert attempt(address="2001:db8:1:2::ffff", password=RIGHT).status_code == 302
    assert attempt(address="2001:db8:1:3::1", password=RIGHT).status_code == 429
    # Of that account, not of any.
    get_user_model().objects.create_user("bea", password=RIGHT)
    for number in range(LIMIT):
        attempt(number, name="bea")
    assert attempt(name="bea", address="2001:db8:1:2::1").status_code == 429


@pytest.fixture
def browser(owner, clock, hashed):
    """Has signed in to ada's account, at an address that is forgotten."""
    browser = Client()
    assert attempt(1, password=RIGHT, browser=browser).status_code == 302
    KnownAddress.objects.all().delete()
    return browser


def test_a_browser_that_signed_in_before_is_answered_at_once_wherever_it_is(browser, clock):
    clock.now += 80 * 24 * 3600
    # Another one is at its address.
    assert [attempt(100).status_code for _ in range(LIMIT)] == [200] * LIMIT
    assert attempt(100).status_code == 429
    assert attempt(100, password=RIGHT, browser=browser).status_code == 302
    # With as many tries of its own, though its cookie is sent from many addresses.
    assert [attempt(n, browser=browser).status_code for n in range(LIMIT + 1)] == [200] * LIMIT + [429]


def test_a_browser_is_known_to_whom_it_signed_in_and_to_nobody_else(browser):
    get_user_model().objects.create_user("bea", password=RIGHT)
    for number in range(LIMIT):
        attempt(number, name="bea")
    assert attempt(100, name="bea", password=RIGHT, browser=browser).status_code == 429


def test_a_browser_is_known_for_a_while_and_with_the_password_that_it_signed_in_with(browser, owner, clock, hashed):
    stranger = Client()
    stranger.cookies.load({name: f"{morsel.value}x" for name, morsel in browser.cookies.items()})
    for number in range(LIMIT):
        attempt(number)
    assert attempt(100, browser=stranger).status_code == 429
    assert attempt(100, browser=browser).status_code == 200
    owner.set_password("another long password")
    owner.save()
    assert attempt(100, password="another long password", browser=browser).status_code == 429
    clock.now += 61
    assert attempt(100, password="another long password", browser=browser).status_code == 302
    KnownAddress.objects.all().delete()
    clock.now += 91 * 24 * 3600
    for number in range(LIMIT):
        attempt(number)
    assert attempt(100, browser=browser).status_code == 429


def test_a_page_without_tls_and_a_sibling_host_cannot_set_a_browsers_cookie_and_no_script_reads_it(browser):
    assert {name for name in browser.cookies if "device" in name} == {"slipway_device"}
    cookie = attempt(1, password=RIGHT, browser=browser, secure=True).cookies["__Host-slipway_device"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 90 * 24 * 3600)


def test_a_browsers_cookie_stays_small_and_is_set_once_a_day(browser, clock):
    for number in range(8):
        get_user_model().objects.create_user(f"visitor {number}", password=RIGHT)
        assert attempt(1, name=f"visitor {number}", password=RIGHT, browser=browser).status_code == 302
    again = [attempt(1, name=f"visitor {n}", password=RIGHT, browser=browser) for n in (7, 0)]
    assert ["slipway_device" in answer.cookies for answer in again] == [False, True]
    assert len(browser.cookies["slipway_device"].value) < 500
    clock.now += 24 * 3600
    assert "slipway_device" in attempt(1, name="visitor 7", password=RIGHT, browser=browser).cookies
    assert "slipway_device" not in attempt(1, browser=Client()).cookies


def test_a_known_address_may_not_guess_on_for_ever(owner, clock, hashed):
    attempt(1, password=RIGHT)
    assert [attempt(1).status_code for _ in range(LIMIT + 1)] == [200] * LIMIT + [429]


def test_an_address_is_known_for_a_while_and_ten_of_an_account_at_most(owner, clock, hashed):
    for number in range(15):
        clock.now += 1
        attempt(number, password=RIGHT)
    assert KnownAddress.objects.count() == 10
    clock.now += 91 * 24 * 3600
    attempt(99, password=RIGHT)
    assert KnownAddress.objects.count() == 1


def test_names_that_no_account_has_are_treated_alike(owner, clock, hashed):
    statuses = {name: [attempt(n, name=name).status_code for n in range(LIMIT + 1)] for name in ("ada", "nobody")}
    assert statuses["ada"] == statuses["nobody"] == [200] * LIMIT + [429]


def test_invented_names_leave_nothing_behind(clock, hashed):
    for number in range(300):
        clock.now += 1
        auth.authenticate(username=f"nobody {number}", password="guess")
    # Two minutes of them.
    assert Account.objects.count() <= 121
    assert not any("nobody" in f"{row.key} {row.state}" for row in Account.objects.all())


@pytest.mark.parametrize(
    ("victims", "attackers"), [("jess@example.com", "jess@example.com"), ("jessika", "je\u00dfika")]
)
def test_nobody_is_known_by_an_account_whose_name_is_like_anothers(victims, attackers, owner, clock, hashed):
    get_user_model().objects.create_user("jessika", email="jess@example.com", password=RIGHT)
    get_user_model().objects.create_user(attackers, password="his own long password")
    assert attempt(address="198.51.100.1", name="jessika", password=RIGHT).status_code == 302
    for number in range(LIMIT):
        assert attempt(number, name=attackers, password="his own long password").status_code == 302
    for number in range(LIMIT):
        attempt(100 + number, name=victims)
    assert {attempt(number, name=victims).status_code for number in range(LIMIT)} == {429}
    assert attempt(address="198.51.100.1", name="jessika", password=RIGHT).status_code == 302


def test_a_password_of_ones_own_gives_no_try_of_anothers_back(owner, clock, hashed):
    get_user_model().objects.create_user("jess", email="jess@example.com", password=RIGHT)
    get_user_model().objects.create_user("jess@example.com", password="his own long password")
    tries = [attempt(n, name="jess@example.com", password="his own long password") for n in range(LIMIT + 1)]
    assert [answer.status_code for answer in tries] == [302] * LIMIT + [429]


def test_each_name_that_is_given_counts(owner, clock, hashed):
    for number in range(LIMIT):
        auth.authenticate(username=f"nobody {number}", email="ada", password="guess")
    assert attempt(1).status_code == 429
    # Where one is rejected no other loses a try.
    for _ in range(LIMIT):
        auth.authenticate(username="bea", email="ada", password="guess")
    assert attempt(2, name="bea").status_code == 200


def test_username_is_whom_djangos_backend_looks_at(owner, clock, hashed, monkeypatch):
    monkeypatch.setattr(get_user_model(), "USERNAME_FIELD", "email")
    assert names.names({"email": "bea", "username": "ada", "password": "x"}) == ["ada", "bea"]
    assert names.names({"phone": "1", "password": "x"}) == ["1"]
    assert names.names({"token": "1"}) == []


@pytest.mark.parametrize("written", ["\u0131da", "\u0130da", "IDA", "i\u0307da", "\u00ccda"])
def test_what_a_database_may_take_for_the_same_name_is_counted_together(written):
    assert names.folded(written) == names.folded("ida")


@pytest.mark.parametrize("written", ["ADA", " ada ", "\uff41\uff44\uff41", "ada@example.com", "ADA@Example.com"])
def test_however_it_is_written_an_account_is_one(written, guessed, owner):
    owner.email = "ada@example.com"
    owner.save()
    assert attempt(100, name=written).status_code == 429


def test_the_limit_holds_after_a_restart(guessed):
    # All that a process knows is in the database.
    assert Account.objects.count() == 1
    assert len(json.loads(Account.objects.get().state)[0]) == LIMIT


def test_people_who_sign_in_are_not_counted(owner, clock, hashed):
    assert {attempt(number, password=RIGHT).status_code for number in range(3 * LIMIT)} == {302}
    assert json.loads(Account.objects.get().state) == [[], []]


def test_each_is_a_line_in_the_log_with_the_address_and_without_a_password(guessed, caplog):
    with caplog.at_level(logging.INFO, "slipway.sign_in"):
        attempt(name="bea\nfoo" + "x" * 500, password="hunter2", address="2001:db8::7")
        attempt(100)
    failed, rejected = (record.getMessage() for record in caplog.records if record.name == "slipway.sign_in")
    assert failed == f'sign-in failed: account="bea\\nfoo{"x" * 57}" address=2001:db8::7'
    assert rejected == 'sign-in rejected: account="ada" address=203.0.0.101 wait=60s'


def login_by_hand(request):
    """As views of one's own are written: no form, and authenticate() without the request."""
    user = auth.authenticate(username=request.POST["username"], password=request.POST["password"])
    return HttpResponse("in" if user else "no", status=200 if user else 401)


async def login_async(request):
    user = await auth.aauthenticate(request, username=request.POST["username"], password=request.POST["password"])
    return HttpResponse("in" if user else "no", status=200 if user else 401)


def _rest_framework():
    from rest_framework.authentication import BasicAuthentication
    from rest_framework.response import Response
    from rest_framework.serializers import CharField, Serializer
    from rest_framework.views import APIView

    class Credentials(Serializer):
        username, password = CharField(), CharField()

        def validate(self, attrs):
            from rest_framework.exceptions import ValidationError

            if not auth.authenticate(request=self.context["request"], **attrs):
                raise ValidationError("no")
            return attrs

    class Token(APIView):
        authentication_classes = ()

        def post(self, request):
            Credentials(data=request.data, context={"request": request}).is_valid(raise_exception=True)
            return Response({"token": "t"})

    class Basic(APIView):
        authentication_classes = (BasicAuthentication,)

        def get(self, request):
            return Response({"in": request.user.is_authenticated})

    return Token.as_view(), Basic.as_view()


token, basic = _rest_framework()
urlpatterns = [path("hand/", login_by_hand), path("async/", login_async), path("token/", token), path("basic/", basic)]
VIEWS = {"hand": 401, "async": 401, "token": 400}


@pytest.fixture
def others():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.parametrize(("view", "wrong"), VIEWS.items())
def test_other_views_have_the_same_limit(view, wrong, others, owner, clock, hashed):
    tries = [attempt(number, where=f"/{view}/").status_code for number in range(LIMIT + 2)]
    assert tries == [wrong] * LIMIT + [429] * 2
    clock.now += 61
    assert attempt(100, where=f"/{view}/", password=RIGHT).status_code == 200
    # Known from now on, though nothing has called login().
    for number in range(LIMIT + 1):
        attempt(number, where=f"/{view}/")
    assert attempt(100, where=f"/{view}/", password=RIGHT).status_code == 200


def test_a_program_that_signs_in_with_each_request_is_never_limited(others, owner, clock, hashed):
    import base64

    headers = {"Authorization": f"Basic {base64.b64encode(f'ada:{RIGHT}'.encode()).decode()}"}
    assert {Client().get("/basic/", headers=headers).status_code for _ in range(3 * LIMIT)} == {200}


def test_what_tries_no_password_is_not_counted(clock):
    for _ in range(2 * LIMIT):
        assert auth.authenticate(HttpRequest(), token="guess") is None
    assert not Account.objects.exists()


def test_a_project_may_sign_people_in_when_they_register(client, owner):
    """django.contrib.auth.login() asks for the backend where there are several."""
    request = HttpRequest()
    request.session = client.session
    auth.login(request, get_user_model().objects.create_user("bea"))
    assert request.session["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend"


def test_every_module_that_took_the_function_by_name_has_the_guarded_one():
    from django.contrib.auth import forms
    from rest_framework import authentication

    assert forms.authenticate is authentication.authenticate is auth.authenticate
    assert hasattr(auth.authenticate, "guarded") and asyncio.iscoroutinefunction(auth.aauthenticate)


def test_the_address_is_nginxs_header_over_its_socket_and_the_peers_own_elsewhere(owner, clock, hashed, caplog):
    with caplog.at_level(logging.INFO, "slipway.sign_in"):
        attempt(address="203.0.113.7", headers={"X-Real-IP": "198.51.100.1"})
        Client().post("/login/", {"username": "ada", "password": "x"}, REMOTE_ADDR="", HTTP_X_REAL_IP="198.51.100.1")
    assert [record.getMessage().split("address=")[1] for record in caplog.records] == ["203.0.113.7", "198.51.100.1"]


def test_a_subnet_is_what_one_customer_may_have():
    def together(*addresses):
        return len({database.visitor("ada", each).partition("/")[0] for each in addresses}) == 1

    assert together("203.0.113.7", "203.0.113.250", "::ffff:203.0.113.9")
    assert together("2001:db8:1:2::1", "2001:db8:1:ffff::1")
    assert not together("203.0.113.7", "203.0.112.7") and not together("2001:db8:1::1", "2001:db8:2::1")
    assert database.visitor("ada", "203.0.113.7") != database.visitor("ada", "203.0.113.8")
    assert database.visitor("ada", "") == database.visitor("ada", "unix:") == ""


class Fails:
    """A router that knows the project's own apps alone."""

    def db_for_write(self, model, **hints):
        if model._meta.app_label == "slipway_sign_in":
            raise KeyError(model._meta.app_label)

    db_for_read = db_for_write


def test_a_page_that_takes_no_password_calls_no_router(monkeypatch):
    monkeypatch.setattr(router, "routers", [Fails()])
    assert Client().get("/login/").status_code == 200


def test_a_mail_address_that_cannot_be_looked_for_is_a_name_like_any_other(owner, clock, hashed, monkeypatch):
    # As that of an encrypted field.
    monkeypatch.setattr(get_user_model()._meta.get_field("email"), "get_lookup", lambda name: None)
    with pytest.raises(FieldError):
        get_user_model().objects.filter(email__iexact="ada@example.com")
    assert attempt(name="ada@example.com").status_code == 200


def test_a_name_that_cannot_be_one_is_nobodys(owner, monkeypatch):
    # As where people are known by a number, and a backend of the project's takes their mail address.
    monkeypatch.setattr(get_user_model(), "USERNAME_FIELD", "id")
    assert names.resolve("ada") == ("ada", ())
