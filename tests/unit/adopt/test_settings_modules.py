"""What is changed in the settings of a copied project."""

from slipway.tool.adopt import settings_modules as modules
from slipway.web.guard import LINE

DJANGOS = "django.contrib.staticfiles.storage.StaticFilesStorage"

WHITENOISE = """MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # fast
    'whitenoise.other.Thing'
]
INSTALLED_APPS = ["whitenoise.runserver_nostatic", "shop"]
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
"""
OTHERS = """STORAGES = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"location": "media"},
    },
    'staticfiles': {'BACKEND': 'storages.backends.s3.S3Storage'},
    "other": {"BACKEND": "storages.backends.s3.S3Storage"},
}
CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache"}}
"""


def test_whitenoise_is_taken_out_of_lists_and_storages_and_each_is_named(tmp_path, write):
    write(tmp_path, {"shop/settings/base.py": WHITENOISE})
    told = [*modules.take_out(tmp_path, tmp_path / "shop" / "settings")]
    text = (tmp_path / "shop/settings/base.py").read_text()
    scope: dict = {}
    exec(text, scope)
    assert scope["MIDDLEWARE"] == ["django.middleware.security.SecurityMiddleware"]
    assert scope["STORAGES"]["staticfiles"]["BACKEND"] == DJANGOS
    # One among others in a line is a person's to take out: `make test` names it.
    assert scope["INSTALLED_APPS"] == ["whitenoise.runserver_nostatic", "shop"]
    assert [line.partition(": ")[0] for line in told] == [f"project/shop/settings/base.py:{n}" for n in (3, 4, 5)]


def test_other_storages_and_a_cache_that_needs_a_server_are_replaced_and_named(tmp_path, write):
    write(tmp_path, {"shop/settings.py": OTHERS})
    told = [*modules.take_out(tmp_path, tmp_path / "shop")]
    scope: dict = {}
    exec((tmp_path / "shop/settings.py").read_text(), scope)
    assert {alias: each["BACKEND"] for alias, each in scope["STORAGES"].items()} == {
        "default": "django.core.files.storage.FileSystemStorage",
        "staticfiles": DJANGOS,
        # Nothing of Slipway's: the project's own choice stays.
        "other": "storages.backends.s3.S3Storage",
    }
    assert scope["CACHES"]["default"]["BACKEND"] == "django.core.cache.backends.locmem.LocMemCache"
    assert [line.partition(": ")[0] for line in told] == [f"project/shop/settings.py:{n}" for n in (6, 3, 9)]
    assert [*modules.take_out(tmp_path, tmp_path / "shop")] == []


def test_the_line_is_the_last_one_and_comes_once(tmp_path, write):
    write(tmp_path, {"shop/settings.py": "DEBUG = True\n\n\n"})
    assert [*modules.add_line(tmp_path, "shop.settings", "A = 1\n")] == [
        f"project/shop/settings.py: ends with `{LINE}`"
    ]
    text = f"DEBUG = True\n\nA = 1\n{LINE}\n"
    assert (tmp_path / "shop/settings.py").read_text() == text
    assert [*modules.add_line(tmp_path, "shop.settings")] == []
    assert (tmp_path / "shop/settings.py").read_text() == text
