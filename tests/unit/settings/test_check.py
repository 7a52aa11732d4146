"""A setting that would weaken the site stops a deploy with its file and line."""

import importlib

import pytest

from slipway.tool import config
from slipway.tool.settings_check import assignments
from slipway.tool.settings_check.problems import Check

LINE = "from slipway.settings import *\n"
BASE = """import os
DEBUG = True
SECRET_KEY = "django-insecure-theirs"
ALLOWED_HOSTS = []
INSTALLED_APPS = []
MIDDLEWARE = []
"""
# The line of whatever stands below BASE.
FIRST = BASE.count("\n") + 1


@pytest.fixture
def check(package, tmp_path, monkeypatch):
    """The check of a settings package's ``production``; ``more`` are further lines of site.yml."""
    monkeypatch.chdir(tmp_path)

    def check(production, base=BASE, more="", **modules):
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nregion: eu-central-1\n{more}")
        site = config.load(file)
        for name, value in site.environment().items():
            if name != "DJANGO_SETTINGS_MODULE":
                monkeypatch.setenv(name, value)
        settings = package("production", base=base, production=production, **modules)
        return Check(settings, settings.__name__, assignments.read(settings.__name__), site)

    monkeypatch.setattr(config.Site, "settings", "theirs")
    return check


def messages(check):
    """file:line without the package's folder, and the message."""
    return [str(each).partition("/")[2] for each in check.problems()]


def test_what_startproject_writes_is_fine(check):
    assert messages(check(BASE + LINE)) == []


REJECTED = {
    "DEBUG = os.environ.get('DEBUG', '1') == '1'": "DEBUG is True: every error page",
    "SECRET_KEY = 'theirs, for all to read'": "SECRET_KEY is in the repository",
    "SECRET_KEY = os.environ.get('THEIR_KEY', 'a default')": "SECRET_KEY is in the repository",
    "ALLOWED_HOSTS = ['*']": "ALLOWED_HOSTS is ['*']: the site would answer to any name",
    "ALLOWED_HOSTS += ['.com']": "ALLOWED_HOSTS has '.com', which is more than example.com",
    "ALLOWED_HOSTS = ['.another.org']": "ALLOWED_HOSTS has '.another.org'",
    "SECURE_HSTS_SECONDS = 0": "SECURE_HSTS_SECONDS is 0: browsers would go on trying plain http",
    "SESSION_COOKIE_SECURE: bool = False": "SESSION_COOKIE_SECURE is False: sessions",
    "DEBUG, CSRF_COOKIE_SECURE = True, False": "CSRF_COOKIE_SECURE is False",
    "SESSION_COOKIE_HTTPONLY = False": "SESSION_COOKIE_HTTPONLY is False",
    "SECURE_CONTENT_TYPE_NOSNIFF = False": "SECURE_CONTENT_TYPE_NOSNIFF is False",
    "COMPRESS_ENABLED = False": "COMPRESS_ENABLED is False",
    "COMPRESS_OFFLINE = False": "COMPRESS_OFFLINE is False",
    "STORAGES = {'staticfiles': {'BACKEND': 'whitenoise.storage.X'}}": "STORAGES has another storage of static files",
    "if True:\n    SECURE_HSTS_SECONDS = 0": "SECURE_HSTS_SECONDS is 0",
}


@pytest.mark.parametrize("setting", REJECTED)
def test_above_the_line_it_is_rejected_by_its_line(setting, check):
    (problem,) = [each for each in messages(check(BASE + setting + "\n" + LINE)) if REJECTED[setting] in each]
    assert problem.startswith(f"production.py:{FIRST + setting.count(chr(10))}: ")
    assert "theirs, for all" not in problem and "a default" not in problem


BELOW = {
    **{name: message for name, message in REJECTED.items() if "+=" not in name and "STORAGES" not in name},
    "DEBUG = True": "DEBUG is True on the server",
    "ALLOWED_HOSTS = ['shop.example.com']": "ALLOWED_HOSTS does not have www.example.com",
    "STORAGES['staticfiles']['BACKEND'] = 'django.contrib.staticfiles.storage.X'": "STORAGES has django.contrib.static",
    "STATIC_URL = '/static/'": "STATIC_URL is '/static/' and must be the CDN's, https://static.example.com/",
    "MIDDLEWARE = []": "MIDDLEWARE is replaced below the settings line",
    "INSTALLED_APPS = ['theirs']": "INSTALLED_APPS is replaced below the settings line",
    "SECURE_PROXY_SSL_HEADER = None": "SECURE_PROXY_SSL_HEADER must be",
}


@pytest.mark.parametrize("setting", BELOW)
def test_below_the_line_too_where_it_wins(setting, check):
    prefix = BELOW[setting].partition(" is ")[0] + " "
    problems = messages(check(f"import os\nfrom .base import *\n{setting}\n", base=BASE + LINE))
    (problem,) = [each for each in problems if f": {prefix}" in each or BELOW[setting] in each]
    assert problem.startswith(f"production.py:{3 + setting.count(chr(10))}: ")


def test_it_is_found_in_the_module_that_sets_it(check):
    production = "from .base import *\nfrom .cookies import SESSION_COOKIE_SECURE\n" + LINE
    base = BASE + "SECURE_HSTS_SECONDS = 60\nSECURE_HSTS_SECONDS = 0\n"
    assert [each[:20] for each in messages(check(production, base, cookies="\nSESSION_COOKIE_SECURE = False\n"))] == [
        f"base.py:{FIRST + 1}: SECURE_HS",
        "cookies.py:2: SESSIO",
    ]


def test_what_follows_debug_is_productions_own_and_reported(check):
    lines = "SESSION_COOKIE_SECURE = not DEBUG\nif DEBUG:\n    SECURE_HSTS_SECONDS = 0\n"
    checked = check(BASE + lines + "ALLOWED_HOSTS = ['*'] if DEBUG else []\n" + LINE)
    assert messages(checked) == []
    follows = "follows DEBUG, which is True there; in production it is"
    assert [warning.partition("/")[2] for warning in checked.warnings()] == [
        f"production.py:{FIRST + 3}: ALLOWED_HOSTS {follows} ['www.example.com']",
        f"production.py:{FIRST + 2}: SECURE_HSTS_SECONDS {follows} 31536000",
        f"production.py:{FIRST}: SESSION_COOKIE_SECURE {follows} True",
    ]


def test_a_waived_setting_is_the_projects_own(check):
    checked = check(BASE + "SECURE_HSTS_SECONDS = 0\n" + LINE, more="waive: {SECURE_HSTS_SECONDS: an intranet}\n")
    assert messages(checked) == []
    assert checked._settings.SECURE_HSTS_SECONDS == 0


def test_what_nginx_does_django_need_not(check):
    assert messages(check(BASE + "SECURE_SSL_REDIRECT = False\n" + LINE)) == []
    (problem,) = messages(check(BASE + "SECURE_SSL_REDIRECT = False\n" + LINE, more="tls: none\n"))
    assert problem.startswith(f"production.py:{FIRST}: SECURE_SSL_REDIRECT is False, and with `tls: none` nothing else")


def test_a_plain_http_site_has_no_cookies_to_secure(check):
    assert messages(check(BASE + "SESSION_COOKIE_SECURE = False\n" + LINE, more="site: http://www.example.com\n")) == []


def test_startprojects_key_without_a_secret_in_its_place(check, monkeypatch):
    monkeypatch.delenv("SECRET_KEY")
    (problem,) = messages(check(BASE + LINE))
    assert problem.startswith("production.py:3: SECRET_KEY is startproject's, and the secrets have none")


def test_a_key_of_the_environment_is_fine(check, monkeypatch):
    monkeypatch.setenv("THEIR_KEY", "of the server alone")
    assert messages(check(BASE + "SECRET_KEY = os.environ['THEIR_KEY']\n" + LINE)) == []


def test_an_old_buckets_settings_are_named_by_their_line(check):
    (warning,) = check(BASE + "AWS_LOCATION = 'old'\nAWS_DEFAULT_ACL = 'public-read'\n" + LINE).warnings()
    assert warning.partition("/")[2] == (
        f"production.py:{FIRST + 1}: AWS_DEFAULT_ACL and 1 more AWS settings: without effect, "
        "site.yml names the bucket; take it out"
    )


@pytest.mark.parametrize(
    ("setting", "site", "warned"),
    [
        (
            "DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000",
            "",
            "is 5000000, and nginx rejects a body of more than 1 MB before",
        ),
        (
            "DATA_UPLOAD_MAX_MEMORY_SIZE = None",
            "max_body_mb: 20\n",
            "is None, and nginx rejects a body of more than 20",
        ),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000", "max_body_mb: 5\n", ""),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000", "", ""),
        ("", "", ""),
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_a_form_that_nginx_would_reject_before_django_is_warned_of(setting, site, warned, above, check):
    text = BASE + f"{setting}\n{LINE}" if above else BASE + f"{LINE}{setting}\n"
    told = [each.partition("/")[2] for each in check(text, more=site).warnings()]
    assert len(told) == bool(warned)
    assert not warned or told[0].startswith(
        f"production.py:{FIRST + (not above)}: DATA_UPLOAD_MAX_MEMORY_SIZE {warned}"
    )


def test_a_list_of_hosts_without_an_alias_is_rejected(check):
    text = "from .base import *\nALLOWED_HOSTS = ['www.example.com']\n"
    (problem,) = messages(check(text, base=BASE + LINE, more="aliases: [shop.example.com]\n"))
    assert problem == "production.py:2: ALLOWED_HOSTS does not have shop.example.com: each of its pages would be a 400"


def test_a_module_is_parsed_once_however_many_names_are_imported_from_it(tmp_path, monkeypatch):
    (tmp_path / "many_values.py").write_text("A = B = C = 1\n")
    (tmp_path / "many_settings.py").write_text("from many_values import A, B, C\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("many_settings")
    seen, parse = [], assignments.ast.parse
    monkeypatch.setattr(assignments.ast, "parse", lambda source, *more: seen.append(source) or parse(source, *more))
    names = [each.name for each in assignments.read("many_settings")]
    monkeypatch.undo()
    assert names == ["A", "B", "C"]
    assert len(seen) == 2
