"""A project without a Content-Security-Policy gets one; whatever it has, one header is sent."""

import sys
from contextlib import suppress
from types import ModuleType, SimpleNamespace

import django
import pytest
from django.conf import UserSettingsHolder, global_settings, settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.module_loading import import_string

from slipway.web.settings import default_csp

DJANGO_CSP, DJANGO_6 = "csp.middleware.CSPMiddleware", "django.middleware.csp.ContentSecurityPolicyMiddleware"
OURS = "slipway.web.csp_middleware.DefaultPolicy"
OF_DJANGO = {"default-src": ["of-django"]}
THEIRS = {"DIRECTIVES": {"default-src": ["'none'"]}}


def sender(text):
    """A middleware that sends what ``text`` gives, unless a policy is there."""

    class Policy:
        def __init__(self, get_response):
            self.get_response = get_response

        def __call__(self, request):
            response = self.get_response(request)
            if text():
                response.headers.setdefault("Content-Security-Policy", text())
            return response

    return Policy


@pytest.fixture
def others(monkeypatch):
    """A project's own middleware; and, where Django is older than 6, a stand-in for that of its SECURE_CSP."""
    made = {"theirs.csp.Policy": lambda: "default-src of-theirs"}
    if django.VERSION < (6,):
        directives = lambda: getattr(settings, "SECURE_CSP", {}).items()  # noqa: E731
        made[DJANGO_6] = lambda: "; ".join(f"{name} {' '.join(each)}" for name, each in directives())
    for path, text in made.items():
        name, _, middleware = path.rpartition(".")
        module = ModuleType(name)
        setattr(module, middleware, sender(text))
        module.__spec__ = SimpleNamespace(name=name)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def policies():
    """Each Content-Security-Policy of an answer that has been through a site's middleware for it."""

    def policies(site, headers=None):
        settings._wrapped = holder = UserSettingsHolder(global_settings)
        for name, value in vars(site).items():
            setattr(holder, name, value)
        answer = lambda request: HttpResponse(headers=headers)  # noqa: E731
        for path in reversed([each for each in site.MIDDLEWARE if default_csp.SENDS_ONE.search(each)]):
            with suppress(MiddlewareNotUsed):
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
        ({"MIDDLEWARE": [DJANGO_6], "SECURE_CSP": OF_DJANGO}, "default-src of-django"),
        ({"SECURE_CSP": OF_DJANGO}, "default-src of-django"),
        # One of the project's own, which no setting tells of.
        ({"MIDDLEWARE": ["theirs.csp.Policy"]}, "default-src of-theirs"),
        # One that is listed without its policy, beside the other's.
        ({"MIDDLEWARE": [DJANGO_6], "CONTENT_SECURITY_POLICY": THEIRS}, "default-src 'none'"),
        ({"MIDDLEWARE": [DJANGO_CSP], "SECURE_CSP": OF_DJANGO}, "default-src of-django"),
        # Both at once, listed in either order or not at all.
        (
            {"MIDDLEWARE": [DJANGO_CSP, DJANGO_6], "SECURE_CSP": OF_DJANGO, "CONTENT_SECURITY_POLICY": THEIRS},
            "default-src of-django",
        ),
        (
            {"MIDDLEWARE": [DJANGO_6, DJANGO_CSP], "SECURE_CSP": OF_DJANGO, "CONTENT_SECURITY_POLICY": THEIRS},
            "default-src 'none'",
        ),
        ({"SECURE_CSP": OF_DJANGO, "CONTENT_SECURITY_POLICY": THEIRS}, "default-src of-django"),
    ],
)
def test_the_projects_own_is_the_one_that_is_sent(changes, sent, production, policies, others):
    site = production(**changes)
    assert OURS not in site.MIDDLEWARE
    assert policies(site) == [sent]


@pytest.mark.parametrize("listed", [DJANGO_CSP, DJANGO_6])
def test_a_middleware_without_a_policy_sends_none_and_leaves_the_place_to_ours(listed, production, policies, others):
    site = production(MIDDLEWARE=[listed])
    (sent,) = policies(site)
    assert OURS in site.MIDDLEWARE
    assert sent.startswith("default-src 'self' https://static.example.com/")


def test_a_policy_below_the_line_is_the_one_that_is_sent_and_spares_what_it_spares(production, policies):
    site = production(MIDDLEWARE=[DJANGO_CSP])
    site.CONTENT_SECURITY_POLICY = THEIRS
    assert policies(site) == ["default-src 'none'"]
    site.CONTENT_SECURITY_POLICY = THEIRS | {"EXCLUDE_URL_PREFIXES": ["/"]}
    assert policies(site) == []


@pytest.mark.parametrize(("listed", "setting"), [(DJANGO_CSP, "CONTENT_SECURITY_POLICY"), (DJANGO_6, "SECURE_CSP")])
def test_a_policy_that_only_reports_is_the_projects_own_too(listed, setting, production):
    assert OURS not in production(MIDDLEWARE=[listed], **{f"{setting}_REPORT_ONLY": THEIRS}).MIDDLEWARE


def test_django_6s_setting_means_nothing_to_an_older_django(production):
    older = django.VERSION < (6,)
    assert (OURS in production(SECURE_CSP=OF_DJANGO).MIDDLEWARE) == older
    assert (DJANGO_6 in production(SECURE_CSP=OF_DJANGO).MIDDLEWARE) != older


def test_in_development_each_source_is_the_site_itself():
    assert set(default_csp.sources({}, production=False)["SLIPWAY_SOURCES"].values()) == {"'self'"}
