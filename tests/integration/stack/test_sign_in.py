"""Guesses that come at once: to two Gunicorn workers behind nginx, and on PostgreSQL inside a request's transaction."""

import http.client
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from rehearsal.local_site import ROOT

LIMIT = 10


def ask(local_site, method, path, source, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", local_site.ports["www"], 120, source_address=(source, 0))
    connection.request(method, path, body, {"Host": local_site.site.authority, "Accept": "text/html", **headers})
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


@pytest.fixture
def guess(local_site):
    """Sends a wrong password for an account, from an address of the loopback."""
    page = ask(local_site, "GET", "/login/", "127.0.0.1")
    cookie = page.headers["Set-Cookie"].split(";")[0]
    token = re.search('name="csrfmiddlewaretoken" value="(.*?)"', page.text)[1]
    origin = local_site.site.site_url

    def send(name, source):
        body = urlencode({"username": name, "password": "guess", "csrfmiddlewaretoken": token})
        own = {"Cookie": cookie, "Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
        # What a visitor claims to be is not believed.
        return ask(local_site, "POST", "/login/", source, body, **own, **{"X-Real-IP": "192.0.2.1"})

    return send


def test_two_workers_look_at_no_more_than_the_limit_and_each_try_is_a_line_with_its_own_address(local_site, guess):
    sources = [f"127.0.1.{number}" for number in range(1, 17)]
    with ThreadPoolExecutor(len(sources)) as pool:
        answers = list(pool.map(lambda source: guess("nobody", source), sources))
    assert sorted(answer.status for answer in answers) == [200] * LIMIT + [429] * (len(sources) - LIMIT)
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in answers if answer.status == 429)
    log = (local_site.directory / "log" / "gunicorn.log").read_text()
    told = re.findall(r'^sign-in (failed|rejected): account="nobody" address=(\S+)', log, re.M)
    assert sorted(source for _, source in told) == sorted(sources)
    assert [what for what, _ in told].count("failed") == LIMIT


def test_nginx_limits_every_path_that_the_build_found(local_site):
    found = json.loads((local_site.directory / "release.json").read_text())["sign_in_paths"]
    assert found == [r"/admin/login/\Z", r"/login/\Z"]
    written = (local_site.directory / "nginx.conf").read_text()
    assert all(path.replace("\\", "\\\\") in written for path in found)


AT_ONCE = """
import json, threading
import django
from django.conf import settings
django.setup()
from django.contrib import auth
from django.contrib.auth import hashers
from django.core.management import call_command
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

call_command("migrate", verbosity=0)
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.ALLOWED_HOSTS = ["testserver"]
settings.ROOT_URLCONF = "__main__"
connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
looked_at = []
encode = hashers.MD5PasswordHasher.encode
hashers.MD5PasswordHasher.encode = lambda *those: looked_at.append(those[1]) or encode(*those)

def undone(request):
    # As a REST framework does with the transaction of a request that it rejects.
    auth.authenticate(request, username=request.GET["name"], password="guess")
    transaction.set_rollback(True)
    return HttpResponse(status=401)

urlpatterns = [path("undone/", undone)]

def several(work):
    def one(number):
        try:
            work(number)
        finally:
            connections.close_all()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = len(looked_at)
    looked_at.clear()
    return done

def plain(number):
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = f"203.0.113.{number}"
    auth.authenticate(request, username="plain", password="guess")

statuses = []
def atomic(number):
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    answer = Client().get("/undone/?name=atomic", REMOTE_ADDR=f"203.0.113.{number}", headers={"Accept": "text/html"})
    statuses.append(answer.status_code)

print(json.dumps([several(plain), several(atomic), sorted(statuses)]))
"""


def test_on_postgresql_neither_threads_nor_a_transaction_that_is_undone_give_more_tries(database):
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    env |= {"DATABASE_URL": database.url, "DJANGO_SETTINGS_MODULE": "fixture.settings"}
    env |= {"PYTHONPATH": f"{ROOT / 'tests' / 'site' / 'project'}:{ROOT / 'deploy'}"}
    done = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [LIMIT, LIMIT, [401] * LIMIT + [429] * 20]
