"""Which paths take a password, found in a URLconf."""

import functools
import re
from types import ModuleType

import pytest
from django import forms
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin, auth
from django.contrib.auth import authenticate, views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.contrib.auth.models import User
from django.db import router
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic import CreateView, FormView, TemplateView
from rest_framework.decorators import api_view
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from slipway.tool.pack import sign_in
from slipway.tool.pack.archive import make_tarball
from slipway.web.errors import SlipwayError


class TheirLogin(views.LoginView):
    pass


class LoginForm(forms.Form):
    """As allauth's, which asks through an adapter."""

    def clean(self):
        return self.adapter().authenticate(None, **self.cleaned_data)


class Token(Serializer):
    def validate(self, attrs):
        return authenticate(**attrs)


class TokenView(APIView):
    """As simplejwt's, which names its serializer by a dotted path."""

    _serializer_class = f"{__name__}.Token"


class ByHand(View):
    def post(self, request):
        return HttpResponse(auth.authenticate(request))


def with_a_form(request):
    return HttpResponse(AuthenticationForm(request).errors)


@api_view(["POST"])
def function_of_an_api(request):
    return authenticate(request)


async def asynchronous(request):
    return await auth.aauthenticate(request)


def without_authenticate(request):
    user = User.objects.get(email=request.POST["email"])
    return HttpResponse(user.check_password(request.POST["password"]))


async def asynchronous_without(request):
    return await request.user.acheck_password(request.POST["password"])


def logged(view):
    @functools.wraps(view)
    def inner(*args, **kwargs):
        return view(*args, **kwargs)

    return inner


def carelessly(view):
    return lambda *args: view(*args)


def plain(request):
    return HttpResponse()


class Register(CreateView):
    form_class = UserCreationForm


def translated():
    return "anmelden/" if get_language() == "de" else "sign-in/"


NESTED = [
    path("<slug:team>/login/", TheirLogin.as_view()),
    re_path(r"^v(?P<version>\d{1,2})/token/?$", TokenView.as_view()),
    path("profile/", login_required(plain)),
]
urlpatterns = [
    path("", TemplateView.as_view(template_name="x")),
    path("login/", TheirLogin.as_view()),
    path("teams/", include(NESTED)),
    path("admin/", admin.site.urls),
    path("other-admin/", logged(admin.site.login)),
    path("allauth/", never_cache(FormView.as_view(form_class=LoginForm))),
    path("hand/", carelessly(ByHand.as_view())),
    path("form/", with_a_form),
    path("api/", function_of_an_api),
    path("async/", asynchronous),
    path("without/", without_authenticate),
    path("async-without/", asynchronous_without),
    re_path("anywhere/$", ByHand.as_view()),
    path(lazy(translated, str)(), ByHand.as_view()),
    path("register/", Register.as_view()),
    path("password/", views.PasswordChangeView.as_view()),
    path("reset/", views.PasswordResetView.as_view()),
    path("logout/", views.LogoutView.as_view()),
    path("plain/", plain),
    *i18n_patterns(path("account/login/", TheirLogin.as_view()), prefix_default_language=False),
]
TAKE_ONE = [
    "/login/",
    "/teams/red/login/",
    "/teams/v2/token",
    "/teams/v12/token/",
    "/admin/login/",
    "/other-admin/",
    "/allauth/",
    "/hand/",
    "/form/",
    "/api/",
    "/async/",
    "/without/",
    "/async-without/",
    # It asks for the old one.
    "/password/",
    "/some/anywhere/",
    "/sign-in/",
    "/anmelden/",
    "/account/login/",
    "/de/account/login/",
    "/zh-hans/account/login/",
]
TAKE_NONE = [
    "/",
    "/teams/profile/",
    "/teams/red/blue/login/",
    "/teams/vx/token",
    "/admin/",
    "/admin/logout/",
    "/admin/password_change/",
    "/register/",
    "/reset/",
    "/logout/",
    "/plain/",
    "/login/more",
]


@pytest.fixture
def found():
    with override_settings(ROOT_URLCONF=__name__):
        return sign_in.paths()


def limited(path, found):
    """As nginx asks."""
    return any(re.match(each, path) for each in found)


def test_every_view_that_checks_a_password_is_found_and_no_other(found):
    assert [path for path in TAKE_ONE if not limited(path, found)] == []
    assert [path for path in TAKE_NONE if limited(path, found)] == []


@pytest.mark.parametrize(
    ("more", "all_of_them"),
    [
        ([], False),
        (i18n_patterns(path("in/", TheirLogin.as_view())), False),
        ([path("teams/", include(NESTED))], False),
        ([path("teams/", include([path(lazy(translated, str)(), plain)]))], True),
        ([re_path(lazy(translated, str)(), plain)], True),
    ],
    ids=["none", "a language prefix", "nested", "translated and nested", "a translated expression"],
)
def test_each_language_is_looked_at_only_where_a_path_is_translated(more, all_of_them, monkeypatch):
    urls = ModuleType("urls")
    urls.urlpatterns = [path("login/", TheirLogin.as_view()), *more]
    seen = []
    override = sign_in.translation.override
    monkeypatch.setattr(sign_in.translation, "override", lambda language: seen.append(language) or override(language))
    with override_settings(ROOT_URLCONF=urls):
        assert "/login/" in {each.replace(chr(92) + "Z", "") for each in sign_in.paths()}
    assert len(seen) == (len(settings.LANGUAGES) if all_of_them else 1)


class Elsewhere:
    def db_for_write(self, model, **hints):
        return "other"


class Rejects:
    def allow_migrate(self, db, app_label, **hints):
        return False if app_label == "slipway_sign_in" else None


class Fails:
    def db_for_write(self, model, **hints):
        raise KeyError(model._meta.app_label)


@pytest.mark.parametrize(
    ("routers", "why"),
    [
        ([Elsewhere()], "'other' is not what a deploy migrates, for the app slipway_sign_in"),
        ([Rejects()], "rejects a table in 'default'"),
        ([Fails()], "KeyError: 'slipway_sign_in'"),
    ],
)
def test_routers_that_leave_no_table_to_count_in_are_rejected_in_one_line(routers, why, monkeypatch, tmp_path):
    sign_in.require_tables()
    monkeypatch.setattr(router, "routers", routers)
    with pytest.raises(SlipwayError, match=why) as rejected:
        make_tarball(tmp_path / "release.tar.gz")
    assert "\n" not in str(rejected.value)


def test_nginx_reads_the_expressions_and_makes_no_variables_of_them(found):
    assert not any("?P" in each for each in found)
    assert found == sorted(set(found))
