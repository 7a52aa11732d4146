"""A value that weakens the site is ignored in production, unless site.yml waives it."""

import pytest

DANGEROUS = {
    "DEBUG": (True, False),
    "ALLOWED_HOSTS": (["*", "shop.example.com"], ["www.example.com", "shop.example.com"]),
    "SECURE_HSTS_SECONDS": (0, 31_536_000),
    "SESSION_COOKIE_SECURE": (False, True),
    "CSRF_COOKIE_SECURE": (False, True),
    "COMPRESS_ENABLED": (False, True),
    "COMPRESS_OFFLINE": (False, True),
}
WHITENOISE = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}


@pytest.mark.parametrize("name", DANGEROUS)
def test_it_is_not_taken_unless_it_is_waived(name, production):
    dangerous, ours = DANGEROUS[name]
    assert getattr(production(**{name: dangerous}), name) == ours
    waived = getattr(production({"SLIPWAY_WAIVED": f"X,{name}"}, **{name: dangerous}), name)
    assert waived == (["www.example.com", *dangerous] if name == "ALLOWED_HOSTS" else dangerous)


def test_another_storage_of_static_files(production):
    assert production(STORAGES=WHITENOISE).STORAGES["staticfiles"]["BACKEND"] == "slipway.web.storage.StaticStorage"
    waived = production({"SLIPWAY_WAIVED": "STORAGES"}, STORAGES=WHITENOISE).STORAGES
    assert waived["staticfiles"] == WHITENOISE["staticfiles"]


@pytest.mark.parametrize("name", ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"])
def test_a_cookie_whose_name_needs_https_is_kept_by_http_too(name, production):
    assert getattr(production({"SITE_URL": "http://www.example.com"}, **{name: "__Host-theirs"}), name) == "theirs"
    assert getattr(production(**{name: "__Host-theirs"}), name) == "__Host-theirs"
    assert not hasattr(production({"SITE_URL": "http://www.example.com"}), name)


def test_a_plain_http_site_is_not_weakened_by_what_https_alone_can_keep(production):
    assert production({"SITE_URL": "http://www.example.com"}, SECURE_HSTS_SECONDS=0).SECURE_HSTS_SECONDS == 0
