"""What `startproject` writes is replaced in production; what a project sets itself wins over ours."""

from typing import NamedTuple

import pytest
from django.core.exceptions import ImproperlyConfigured

from slipway.web import settings as line
from tests.unit.settings.conftest import PRODUCTION, STARTPROJECT

MYSQL = {"default": {"ENGINE": "django.db.backends.mysql", "NAME": "theirs"}}


def test_what_startproject_writes_is_replaced(production):
    site = production()
    assert site.DEBUG is False
    assert site.SECRET_KEY == "of the secrets"
    assert site.ALLOWED_HOSTS == ["www.example.com"]
    assert site.CSRF_TRUSTED_ORIGINS == ["https://www.example.com"]
    assert site.STATIC_URL == site.COMPRESS_URL == "https://static.example.com/"
    database = site.DATABASES["default"]
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.postgresql", "slipway")
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)
    assert site.STORAGES["staticfiles"]["BACKEND"] == "slipway.web.storage.StaticStorage"
    assert site.STORAGES["default"]["BACKEND"] == "slipway.web.media.files.FileStorage"
    # /tmp may be memory.
    assert site.FILE_UPLOAD_TEMP_DIR == "/var/tmp"


OWN = {
    "SECRET_KEY": "of their own environment",
    "DATABASES": MYSQL,
    "SECURE_HSTS_SECONDS": 60,
    "SECURE_REFERRER_POLICY": "no-referrer",
    "SECURE_SSL_REDIRECT": False,
    "SECURE_HSTS_PRELOAD": True,
    "SESSION_COOKIE_AGE": 60,
    "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
    "FILE_UPLOAD_MAX_MEMORY_SIZE": 1,
    "FILE_UPLOAD_TEMP_DIR": "/srv/theirs",
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 1,
    "COMPRESS_STORAGE": "their.storage",
    "COMPRESS_OFFLINE_CONTEXT": {"dark": True},
    "COMPRESS_FILTERS": {"css": ["their.CssFilter"], "js": ["their.JsFilter"]},
}


@pytest.mark.parametrize("name", OWN)
def test_what_the_project_sets_itself_wins(name, production):
    assert getattr(production(**{name: OWN[name]}), name) == OWN[name]


def test_what_it_names_beside_ours_is_added(production):
    site = production(
        ALLOWED_HOSTS=["shop.example.com", "www.example.com"],
        CSRF_TRUSTED_ORIGINS=["https://*.example.com"],
        SLIPWAY_UNHASHED=["ads.txt"],
        STATICFILES_FINDERS=["their.Finder"],
        COMPRESS_FILTERS={"js": ["their.JsFilter"]},
        LOGGING={"handlers": {"mine": {"class": "logging.NullHandler"}}},
    )
    assert site.ALLOWED_HOSTS == ["www.example.com", "shop.example.com"]
    assert site.CSRF_TRUSTED_ORIGINS == ["https://www.example.com", "https://*.example.com"]
    assert site.SLIPWAY_UNHASHED == ["favicon.ico", "robots.txt", "ads.txt"]
    assert site.STATICFILES_FINDERS == ["their.Finder", "compressor.finders.CompressorFinder"]
    assert site.COMPRESS_FILTERS["js"] == ["their.JsFilter"]
    assert site.COMPRESS_FILTERS["css"] == ["compressor.filters.cssmin.rCSSMinFilter"]
    assert set(site.LOGGING["handlers"]) == {"slipway", "mine"}
    assert "root" not in site.LOGGING


def test_how_startprojects_database_is_used_stays(production):
    sqlite = STARTPROJECT["DATABASES"]["default"]
    used = {"ATOMIC_REQUESTS": True, "CONN_MAX_AGE": 0, "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    databases = production(DATABASES={"default": sqlite | used, "other": {}}).DATABASES
    assert (databases["default"]["ATOMIC_REQUESTS"], databases["default"]["CONN_MAX_AGE"]) == (True, 0)
    # SQLite's own; and another alias is none of ours.
    assert "transaction_mode" not in databases["default"].get("OPTIONS", {})
    assert databases["other"] == {}


def test_a_store_for_uploads_that_the_project_chose_stays(production):
    theirs = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "theirs"}}
    site = production(STORAGES={"default": theirs, "backups": theirs})
    assert (site.STORAGES["default"], site.STORAGES["backups"]) == (theirs, theirs)
    assert site.STORAGES["staticfiles"]["BACKEND"] == "slipway.web.storage.StaticStorage"
    django = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    assert "slipway" in production(STORAGES={"default": django}).STORAGES["default"]["BACKEND"]


def test_a_stock_storage_of_static_files_is_replaced(production):
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    site = production(STORAGES={"staticfiles": manifest})
    assert site.STORAGES["staticfiles"]["BACKEND"] == "slipway.web.storage.StaticStorage"


def test_what_only_https_can_keep_is_off_where_the_site_is_plain_http(production):
    own = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SECURE_SSL_REDIRECT": True}
    demo = production({"SITE_URL": "http://www.slipway.localhost:8000"}, **own)
    assert [getattr(demo, name) for name in own] == [False, False, False]
    site = production()
    assert [getattr(site, name) for name in own] == [True, True, True]
    assert (site.SECURE_HSTS_SECONDS, site.SECURE_REFERRER_POLICY) == (31_536_000, "strict-origin-when-cross-origin")


def test_the_headers_are_sent_where_the_project_lists_no_middleware_for_them(production):
    security = "django.middleware.security.SecurityMiddleware"
    assert production(MIDDLEWARE=[]).MIDDLEWARE.count(security) == 1
    assert production().MIDDLEWARE.count(security) == 1


def test_in_development_nothing_of_production_is_given():
    own = STARTPROJECT | {"MEDIA_URL": "/pictures/", "MEDIA_ROOT": "/srv/pictures", "COMPRESS_ENABLED": True}
    shell = {name: value for name, value in PRODUCTION.items() if name != "SLIPWAY_ENV"}
    given = line.values(own, shell)
    untouched = ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASES", "SECURE_HSTS_SECONDS", "LOGGING")
    assert not set(untouched) & set(given)
    assert (given["MEDIA_URL"], given["MEDIA_ROOT"], given["COMPRESS_ENABLED"]) == (
        "/pictures/",
        "/srv/pictures",
        False,
    )
    assert not any("csp" in each.lower() for each in given["MIDDLEWARE"])


@pytest.mark.parametrize("missing", ["SITE_URL", "STATIC_URL", "MEDIA_URL", "AWS_STORAGE_BUCKET_NAME"])
def test_a_variable_missing_in_production_is_named(missing):
    environ = {name: value for name, value in PRODUCTION.items() if name != missing}
    with pytest.raises(ImproperlyConfigured, match=rf"^{missing} is not set; in production the environment has it"):
        line.values(STARTPROJECT, environ)


class Config(NamedTuple):
    """Like django-vite's DjangoViteConfig."""

    dev_mode: bool = False
    static_url_prefix: str = ""


def test_no_page_loads_from_vite_s_development_server(production):
    """`"dev_mode": DEBUG` is read above the line, where DEBUG is True still."""
    own = {
        "DJANGO_VITE": {"default": {"dev_mode": True, "static_url_prefix": "a"}, "other": Config(True, "b")},
        "DJANGO_VITE_DEV_MODE": True,
    }
    given = vars(production(**own))
    assert given["DJANGO_VITE"]["default"] == {"dev_mode": False, "static_url_prefix": "a"}
    assert given["DJANGO_VITE"]["other"] == Config(False, "b")
    assert given["DJANGO_VITE_DEV_MODE"] is False
    assert not own.keys() & vars(production()).keys()
    assert not own.keys() & line.values(STARTPROJECT | own, {}).keys()


def test_only_the_health_checks_are_answered_without_waiting_for_the_database(production):
    first = production().MIDDLEWARE[:3]
    assert first[:2] == [
        "slipway.web.health.HealthMiddleware",
        "slipway.web.database.middleware.DatabaseAwayMiddleware",
    ]


def test_each_alias_is_a_host_and_an_origin(production):
    site = production({"SLIPWAY_ALIASES": "https://shop.example.com:8443,https://example.org"})
    assert site.ALLOWED_HOSTS == ["www.example.com", "shop.example.com", "example.org"]
    assert site.CSRF_TRUSTED_ORIGINS[1:] == ["https://shop.example.com:8443", "https://example.org"]


def test_keys_of_before_are_accepted_beside_the_project_s_own(production):
    given = {"SECRET_KEY_FALLBACKS": "new,old"}
    assert production(given).SECRET_KEY_FALLBACKS == ["new", "old"]
    # A project that reads the variables itself has them in its list already.
    own = production(given, SECRET_KEY="of the secrets", SECRET_KEY_FALLBACKS=["old", "theirs"])
    assert own.SECRET_KEY_FALLBACKS == ["new", "old", "theirs"]
    # They are of another key than the project has.
    assert not hasattr(production(given, SECRET_KEY="of another variable"), "SECRET_KEY_FALLBACKS")
    assert not hasattr(production(), "SECRET_KEY_FALLBACKS")
