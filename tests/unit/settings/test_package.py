"""The line in a package of settings: in the module that the others import, in each that is used, or in both."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from slipway.web.settings import default_csp

LINE = "from slipway.settings import *\n"
BASE = """
DEBUG = True
SECRET_KEY = "django-insecure-theirs"
ALLOWED_HOSTS = []
INSTALLED_APPS = ["django.contrib.auth"]
MIDDLEWARE = ["their.middleware.First"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "theirs"}}
LOGGING = {"handlers": {"mine": {"class": "logging.NullHandler"}}}
SECURE_HSTS_SECONDS = 60
"""
# What production.py changes, below everything that base.py has.
CHANGES = """
from .base import *
INSTALLED_APPS += ["anymail"]
MIDDLEWARE = [*MIDDLEWARE, "their.middleware.Last"]
LOGGING["handlers"]["theirs"] = {"class": "logging.NullHandler"}
ALLOWED_HOSTS = ["shop.example.com"]
DATABASES["other"] = {}
SESSION_COOKIE_AGE = 60
"""
WHERE = {
    "base alone": {"base": BASE + LINE, "production": CHANGES},
    "production alone": {"base": BASE, "production": CHANGES + LINE},
    "both": {"base": BASE + LINE, "production": CHANGES + LINE},
    "twice in one": {"base": BASE, "production": CHANGES + LINE + LINE},
}


@pytest.mark.parametrize("modules", WHERE.values(), ids=WHERE)
def test_each_place_of_the_line_gives_the_same_site(modules, package):
    site = package("production", **modules)
    assert (site.DEBUG, site.SECRET_KEY) == (False, "of the secrets")
    assert site.DATABASES["default"]["NAME"] == "slipway"
    assert site.DATABASES["other"] == {}
    assert site.SECURE_HSTS_SECONDS == 60
    assert site.SESSION_COOKIE_AGE == 60
    assert set(site.LOGGING["handlers"]) == {"mine", "theirs", "slipway"}
    # Ours once each, around the project's.
    assert sorted(set(site.INSTALLED_APPS)) == sorted(site.INSTALLED_APPS)
    assert site.INSTALLED_APPS[0] == "slipway.web.sign_in"
    assert {"slipway.web", "compressor", "django.contrib.auth", "anymail"} < set(site.INSTALLED_APPS)
    assert sorted(set(site.MIDDLEWARE)) == sorted(site.MIDDLEWARE)
    assert site.MIDDLEWARE[0] == "slipway.web.health.HealthMiddleware"
    assert site.MIDDLEWARE.index("their.middleware.First") < site.MIDDLEWARE.index("their.middleware.Last")
    assert "slipway.web.csp_middleware.DefaultPolicy" in site.MIDDLEWARE
    merged = ["www.example.com", "shop.example.com"]
    # What is set below the line alone wins as it is; a build says that the site's own name is missing there.
    hosts = site.ALLOWED_HOSTS
    assert hosts == (["shop.example.com"] if modules["production"] == CHANGES else merged)


def test_the_line_knows_the_projects_own_values_in_any_place(package):
    for modules in WHERE.values():
        own = package("production", **modules).SLIPWAY_LINE.own
        assert (own["DEBUG"], own["SECRET_KEY"]) == (True, "django-insecure-theirs")
        assert own["SECURE_HSTS_SECONDS"] == 60


def test_a_policy_of_the_second_module_replaces_the_default_that_the_first_was_given(package):
    policy = "CONTENT_SECURITY_POLICY = {'DIRECTIVES': {'default-src': ['x']}}\n"
    site = package("production", base=BASE + LINE, production=CHANGES + policy + LINE)
    assert "csp.middleware.CSPMiddleware" in site.MIDDLEWARE
    assert default_csp.sends_one(site.MIDDLEWARE, lambda name: getattr(site, name, None))


def test_a_second_entry_module_of_the_same_process_has_its_own(package):
    modules = {"base": BASE + LINE, "production": "from .base import *\nSITE_ID = 1\n", "staging": CHANGES + LINE}
    assert package("production", **modules).SITE_ID == 1
    staging = package("staging", **modules)
    assert "anymail" in staging.INSTALLED_APPS
    assert not hasattr(staging, "SITE_ID")


def test_a_module_that_executes_parts_of_itself_is_one_module(package):
    """As django-split-settings' include() does."""
    site = package("production", production=f"exec({BASE!r})\nexec({LINE!r})\n")
    assert site.DEBUG is False
    assert "slipway.web" in site.INSTALLED_APPS


def test_above_the_projects_own_settings_it_is_one_line_that_says_so(package):
    with pytest.raises(ImproperlyConfigured, match=r"must be the last line of a settings module") as error:
        package("production", production=LINE + BASE)
    assert "\n" not in str(error.value)


def test_nothing_can_be_taken_by_its_name(package):
    with pytest.raises(ImportError):
        package("production", production=f"{BASE}from slipway.settings import NOTHING\n")
