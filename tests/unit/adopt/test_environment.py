"""The variables that settings require, and what stands for them."""

from slipway.tool.adopt import environment, exchange

PRODUCTION = """from .base import *
from .base import env
SECRET_KEY = env("DJANGO_SECRET_KEY")
HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["a"])
KEY = env.str( 'MAIL_KEY' )
# OLD = env("OLD")
TOKEN = os.environ["TOKEN"]
NOT = os.environ.get("NOT_NEEDED")
"""
BASE = """import environ
DATABASES = {"default": env.db("DATABASE_URL")}
BROKER = config("REDIS_URL")
KEY = env("SECRET_KEY")
AGAIN = env("TOKEN")
"""


def test_what_is_read_without_a_default_is_named_with_its_place(tmp_path, write):
    write(tmp_path, {"production.py": PRODUCTION, "base.py": BASE, "local.py": 'env("LOCAL_ALONE")\n'})
    assert environment.required(tmp_path / "production.py") == {
        "DJANGO_SECRET_KEY": "production.py:3",
        "MAIL_KEY": "production.py:5",
        "TOKEN": "production.py:7",
        "REDIS_URL": "base.py:3",
    }


def test_each_has_a_value_with_which_the_settings_load():
    names = ("DJANGO_SECRET_KEY", "ADMIN_URL", "REDIS_URL", "AWS_SECRET_KEY", "MAIL_KEY")
    begun = environment.beginning(dict.fromkeys(names, "x:1"))
    assert begun["DJANGO_SECRET_KEY"].startswith("django-insecure-")
    assert (begun["ADMIN_URL"], begun["AWS_SECRET_KEY"], begun["MAIL_KEY"]) == ("admin/", "unset", "unset")


def test_site_yml_has_them_and_a_person_is_told(site, clone, write):
    write(clone, {"site.yml": (clone / "site.yml").read_text() + "#environment: {}\n"})
    settings = (site / "shop/settings.py").read_text()
    write(site, {"shop/settings.py": f'{settings}KEY = env("MAIL_KEY")\n'})
    told = exchange.adopt(site, clone, list)
    assert 'environment: {MAIL_KEY: "unset"}\n' in (clone / "site.yml").read_text()
    (line,) = (each for each in told.left if "MAIL_KEY" in each)
    assert "settings.py:9 reads" in line and "make secrets" in line
