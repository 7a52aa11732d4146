"""Somebody else's project is put in place of ours, as docs/project.md says."""

import json
import os
import subprocess
import sys
from urllib.request import urlopen

import pytest

from rehearsal.local_site import LocalSite
from rehearsal.processes import Processes, free_port
from slipway.web.guard import LINE
from tests.clone import clone

PAGE = """{% load static compress %}<!doctype html><html lang="en"><head><title>Shop</title>
<link rel="icon" href="{% static 'shop/icon.svg' %}">
{% compress css %}<link rel="stylesheet" href="{% static 'shop/shop.css' %}">{% endcompress %}
</head><body><h1>Shop</h1></body></html>"""
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'
LOGIN = PAGE.replace(
    "<h1>Shop</h1>",
    """<h1>Sign in</h1><form method="post">{% csrf_token %}
{{ form.username }}{{ form.password }}<button>go</button></form>""",
)
# People sign in by mail address: there is no user name.
MODELS = """
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class Users(BaseUserManager):
    def create_superuser(self, email, password):
        user = self.model(email=email, is_superuser=True)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    objects = Users()
    USERNAME_FIELD = "email"
"""


@pytest.fixture
def checkout(tmp_path):
    """A clone of Slipway whose project/ holds what `django-admin startproject` made."""
    made = clone(tmp_path / "clone")
    (made / "project").mkdir()
    admin = [sys.executable, "-m", "django"]
    subprocess.run([*admin, "startproject", "mysite", made / "project"], check=True)
    (made / "project" / "manage.py").unlink()
    subprocess.run([*admin, "startapp", "shop"], cwd=made / "project", check=True)

    shop = made / "project" / "shop"
    (shop / "templates" / "shop").mkdir(parents=True)
    (shop / "templates" / "shop" / "page.html").write_text(PAGE)
    (shop / "templates" / "shop" / "login.html").write_text(LOGIN)
    (shop / "models.py").write_text(MODELS)
    for error in ("400", "403", "403_csrf", "404", "500"):
        (shop / "templates" / f"{error}.html").write_text(PAGE.replace("Shop", error))
    (shop / "static" / "shop").mkdir(parents=True)
    (shop / "static" / "shop" / "icon.svg").write_text(ICON)
    (shop / "static" / "shop" / "shop.css").write_text("h1 { background: url(icon.svg) }")
    urls = made / "project" / "mysite" / "urls.py"
    urls.write_text(
        "from django.contrib.auth.views import LoginView\nfrom django.urls import path\n"
        "from django.views.generic import TemplateView\n"
        "urlpatterns = [path('', TemplateView.as_view(template_name='shop/page.html')),\n"
        "               path('login/', LoginView.as_view(template_name='shop/login.html'))]\n"
    )
    settings = made / "project" / "mysite" / "settings.py"
    text = settings.read_text().replace("INSTALLED_APPS = [", "INSTALLED_APPS = [\n    'shop',")
    text = text.replace("    'django.contrib.admin',\n", "")
    settings.write_text(f"{text}\nAUTH_USER_MODEL = 'shop.User'\nLOGIN_REDIRECT_URL = '/'\n")
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "mysite.settings"}
    migrations = [*admin, "makemigrations", "--verbosity=0", "shop"]
    subprocess.run(migrations, cwd=made / "project", env=env, check=True)
    return made


def play(checkout, tmp_path):
    with Processes(tmp_path / "local_site" / "log") as processes:
        local_site = LocalSite(tmp_path / "local_site", processes, source=checkout)
        local_site.start()
        status = local_site.smoke(quiet=True)
    return status, json.loads((local_site.report / "smoke.json").read_text())


def test_it_is_built_pushed_served_and_proved(checkout, tmp_path):
    settings = checkout / "project" / "mysite" / "settings.py"
    settings.write_text(f"{settings.read_text()}\n{LINE}\n")
    status, report = play(checkout, tmp_path)
    assert (status, report["findings"]) == (0, [])
    assert any(page["signed_in"] for page in report["pages"])
    assert any("/CACHE/css/" in asset["url"] for asset in report["assets"])


def test_development_needs_nothing_but_site_yml(checkout, tmp_path):
    """`make dev`, in a shell that a production site's variables were left in."""
    settings = checkout / "project" / "mysite" / "settings.py"
    settings.write_text(f"import os\n{settings.read_text()}\nSHOP = os.environ['SHOP_NAME']\n{LINE}\n")
    with (checkout / "site.yml").open("a") as site:
        site.write("environment: {SHOP_NAME: a shop}\n")
    port = free_port()
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(checkout / "deploy"), "PYTHONUNBUFFERED": "1"}
    env |= {"SLIPWAY_ENV": "production", "STATIC_URL": "https://static.example.com/"}
    command = [sys.executable, "-m", "slipway.tool", "dev", f"127.0.0.1:{port}"]
    with Processes(tmp_path / "log") as processes:
        processes.start("dev", command, cwd=checkout, env=env, ready=[port])
        page = urlopen(f"http://127.0.0.1:{port}/", timeout=30).read().decode()
    assert '<link rel="stylesheet" href="/static/shop/shop.css">' in page
    assert (checkout / "project" / "db.sqlite3").stat().st_size


def rejected(checkout, module):
    """The error of a build with the settings ``module``."""
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": module},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    return done.stderr.strip()


def test_without_the_line_it_is_rejected_with_the_line_to_add(checkout):
    assert rejected(checkout, "mysite.settings") == (
        f"slipway: mysite.settings: the offload settings are missing; add `{LINE}` as the last line of that module"
    )


def test_a_settings_module_that_does_not_exist_is_rejected_by_one_line(checkout):
    assert rejected(checkout, "elsewhere.settings") == (
        "slipway: elsewhere.settings: no such module in project/; name your settings and wsgi modules in site.yml"
    )


def test_an_import_that_fails_in_the_settings_is_a_whole_traceback(checkout):
    settings = checkout / "project" / "mysite" / "settings.py"
    settings.write_text(f"import nowhere\n{settings.read_text()}\n{LINE}\n")
    error = rejected(checkout, "mysite.settings")
    assert "settings.py" in error and error.endswith("No module named 'nowhere'")
