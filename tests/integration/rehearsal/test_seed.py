"""A rehearsal's user can sign in, whatever the project's user model; the machine's database is a file here."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rehearsal.local_site import LocalSite
from rehearsal.machine import ssh
from rehearsal.run_log import RunLog
from rehearsal.server_site import USER, ServerSite
from rehearsal.steps import first_deploy
from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets
from tests.clone import clone

# Neither admin nor sessions, and a variable that has to be there.
SETTINGS = """
import os
SECRET_KEY = os.environ["THEIR_KEY"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "theirs"}}
"""
LINE = "from slipway.settings import *\n"
ACCOUNTS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
AUTH_USER_MODEL = "shop.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
# People sign in by mail address: there is no user name.
MODELS = """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class People(BaseUserManager):
    def create_superuser(self, email, password):
        person = self.model(email=email)
        person.set_password(password)
        person.save()


class Person(AbstractBaseUser):
    email = models.EmailField(unique=True)
    objects = People()
    USERNAME_FIELD = "email"
"""
AUTHENTICATE = """
from django.contrib.auth import authenticate
print(authenticate(None, username={!r}, password={!r}))
"""


@pytest.fixture
def rehearsal(tmp_path, monkeypatch):
    """A rehearsal of a project with these settings, as far as ``seed`` needs one."""
    monkeypatch.setenv(PASSWORD_VARIABLE, "")

    def made(settings):
        checkout = clone(tmp_path / "clone", "environment: {THEIR_KEY: of theirs}\n")
        (checkout / "project" / "shop").mkdir(parents=True)
        texts = {"settings": SETTINGS + settings + LINE, "wsgi": "", "shop/__init__": "", "shop/models": MODELS}
        for name, text in texts.items():
            (checkout / "project" / f"{name}.py").write_text(text)
        monkeypatch.setattr(first_deploy, "ROOT", checkout)
        ssh.make_key(tmp_path)
        machine = SimpleNamespace(ports={22: 1, 80: 2, 443: 3}, ssh_config=ssh.write_config(tmp_path, 22))
        site = ServerSite(tmp_path / "state", config.load(checkout / "site.yml"), None, machine)
        site.trust("")
        site.configure()

        def manage(arguments, stdin="", **more):
            env = site.variables("web") | {"DATABASE_URL": f"sqlite:///{tmp_path / 'server.sqlite3'}", **more}
            command = [sys.executable, "manage.py", *arguments.split()]
            done = subprocess.run(command, cwd=checkout, env=env, input=stdin, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout

        return SimpleNamespace(site=site, log=RunLog(tmp_path / "log"), host=SimpleNamespace(manage=manage))

    return made


def test_who_signs_in_by_mail_address_is_known_to_the_machines_database(rehearsal):
    run = rehearsal(ACCOUNTS)
    run.host.manage("makemigrations --verbosity 0 shop", SLIPWAY_ENV="development")
    run.host.manage("migrate --verbosity 0")
    first_deploy.seed(run)
    (login,) = Secrets.load(run.site.site).smoke.values()
    assert run.host.manage("shell", AUTHENTICATE.format(*login.split(":"))).split()[-1] == USER


def test_a_project_without_accounts_is_rehearsed_and_played_too(rehearsal):
    run = rehearsal("INSTALLED_APPS = []\n")
    first_deploy.seed(run)
    assert json.loads((run.site.directory / "seed.json").read_text()) == []
    demo = LocalSite(run.site.directory / "demo", None, source=first_deploy.ROOT)
    demo.current = first_deploy.ROOT
    (demo.directory / "log").mkdir()
    demo.prepare()
