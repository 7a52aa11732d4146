"""A project without a Content-Security-Policy gets one; whatever it has, one header is sent."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from django.conf import UserSettingsHolder, global_settings, settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.module_loading import import_string

from slipway.web.settings import csp

DJANGO_CSP, DJANGO_6 = "csp.middleware.CSPMiddleware", "django.middleware.csp.ContentSecurityPolicyMiddleware"
OURS = "slipway.web.csp.DefaultPolicy"
THEIRS = {"DIRECTIVES": {"default-src": ["'none'"]}}


@pytest.fixture
def django_6(monkeypatch):
    """Stands in for Django 6's middleware, which is for newer Pythons alone: it sends SECURE_CSP, once."""

    class ContentSecurityPolicyMiddleware:
        def __init__(self, get_response):
            self.get_response = get_response

        def __call__(self, request):
            response = self.get_response(request)
            response.headers.setdefault("Content-Security-Policy", "default-src of-django")
            return response

    module = ModuleType("django.middleware.csp")
    module.ContentSecurityPolicyMiddleware = ContentSecurityPolicyMiddleware
    module.__spec__ = SimpleNamespace(name="django.middleware.csp")
    monkeypatch.setitem(sys.modules, "django.middleware.csp", module)


@pytest.fixture
def policies():
    """Each Content-Security-Policy of an answer that has been through a site's middleware for it."""

    def policies(site, headers=None):
        settings._wrapped = holder = UserSettingsHolder(global_settings)
        for name, value in vars(site).items():
            setattr(holder, name, value)
        answer = lambda request: HttpResponse(headers=headers)  # noqa: E731
        for path in reversed([each for each in site.MIDDLEWARE if csp.SENDS_ONE.search(each)]):
            answer = import_string(path)(answer)
        headers = answer(RequestFactory().get("/")).headers
        return [value for name, value in headers.items() if name.lower() == "content-security-policy"]

    before = settings._wrapped
    yield policies
    settings._wrapped = before


def test_without_one_it_limits_hosts_and_permits_what_packages_need(production, policies):
    (sent,) = policies(production())
    directives = dict(each.split(" ", 1) for each in sent.split("; "))
    hosts = "'self' https://static.example.com/ https://media.example.com/ "
    hosts += "https://example-com-media.s3.eu-central-1.amazonaws.com"
    assert directives == {
        "default-src": f"{hosts} data: blob:",
        "script-src": f"{hosts} blob: 'unsafe-inline' 'unsafe-eval'",
        "style-src": f"{hosts} 'unsafe-inline'",
        "object-src": "'none'",
        "base-uri": "'self'",
    }


def test_further_hosts_are_permitted_by_name(production, policies):
    (sent,) = policies(production(SLIPWAY_CSP_HOSTS=["https://fonts.example.net"]))
    assert sent.count("https://fonts.example.net") == 3


def test_a_views_own_policy_stays(production, policies):
    headers = {"Content-Security-Policy": "default-src of-the-view"}
    assert policies(production(), headers) == ["default-src of-the-view"]


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        # django-csp's, listed or not.
        ({"MIDDLEWARE": [DJANGO_CSP], "CONTENT_SECURITY_POLICY": THEIRS}, "default-src 'none'"),
        ({"CONTENT_SECURITY_POLICY": THEIRS}, "default-src 'none'"),
        # Django 6's, listed or not.
        ({"MIDDLEWARE": [DJANGO_6], "SECURE_CSP": {"default-src": []}}, "default-src of-django"),
        ({"SECURE_CSP": {"default-src": []}}, "default-src of-django"),
        # Both at once, listed in either order or not at all.
        (
            {"MIDDLEWARE": [DJANGO_CSP, DJANGO_6], "SECURE_CSP": {"a": []}, "CONTENT_SECURITY_POLICY": THEIRS},
            "default-src of-django",
        ),
        (
            {"MIDDLEWARE": [DJANGO_6, DJANGO_CSP], "SECURE_CSP": {"a": []}, "CONTENT_SECURITY_POLICY": THEIRS},
            "default-src 'none'",
        ),
        ({"SECURE_CSP": {"a": []}, "CONTENT_SECURITY_POLICY": THEIRS}, "default-src of-django"),
    ],
)
def test_the_projects_own_is_the_one_that_is_sent(changes, sent, production, policies, django_6):
    site = production(**changes)
    assert OURS not in site.MIDDLEWARE
    assert policies(site) == [sent]


def test_django_6s_setting_means_nothing_to_an_older_django(production):
    assert OURS in production(SECURE_CSP={"default-src": []}).MIDDLEWARE


def test_in_development_each_source_is_the_site_itself():
    assert set(csp.sources({}, production=False)["SLIPWAY_SOURCES"].values()) == {"'self'"}
