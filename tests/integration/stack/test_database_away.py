"""A PostgreSQL that is restarted, stopped or killed under a site of two workers: requests wait, then get a 503."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from slipway import ROOT
from tests.integration.stack.test_postgresql import UnixConnection

SITE = Path(__file__).with_name("away_site.py")
KEPT = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
PAGE = "<!doctype html><title>Back in a moment</title>"


class Site:
    def __init__(self, socket, log):
        self.socket, self._log = socket, log

    def ask(self, path, method="GET", **headers):
        connection = UnixConnection(self.socket)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def statuses(self, paths):
        """Of requests that are all sent at once."""
        with ThreadPoolExecutor(len(paths)) as pool:
            return [answer.status for answer in pool.map(self.ask, paths)]

    @property
    def log(self):
        return self._log.read_text()


@pytest.fixture
def serve(database, processes, tmp_path):
    """The site before the database; ``options`` are of its connection."""

    def serve(url=None, patience=5, **options):
        for name in ("project", "deploy", "manifests"):
            (tmp_path / name).mkdir()
        shutil.copy(ROOT / "deploy" / "gunicorn.conf.py", tmp_path / "deploy")
        (tmp_path / "deploy" / "slipway").symlink_to(ROOT / "deploy" / "slipway")
        shutil.copy(SITE, tmp_path / "project")
        (tmp_path / "manifests" / "503.html").write_text(PAGE)
        socket = tmp_path / "gunicorn.sock"
        env = os.environ | {
            "DATABASE_URL": url or database.url,
            "DATABASE_OPTIONS": json.dumps(options),
            "SLIPWAY_MANIFESTS": str(tmp_path / "manifests"),
            "SLIPWAY_SOCKET": str(socket),
            "PATIENCE": str(patience),
        }
        make = "import away_site; from django.core.management import call_command as c; c('migrate', verbosity=0);"
        make += "away_site.User.objects.create(username='ada')"
        if url is None:
            subprocess.run([sys.executable, "-c", make], cwd=tmp_path / "project", env=env, check=True)
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "away_site:application"]
        processes.start("gunicorn", command, env=env, cwd=tmp_path, ready=[socket])
        return Site(socket, tmp_path / "log" / "gunicorn.log")

    return serve


def sleeping(database, number):
    """Returns once so many views wait for an answer of the database's."""
    psql = [database.bin / "psql", "-h", database.directory, "-U", "site", "-Atc"]
    psql += ["select count(*) from pg_stat_activity where query = 'SELECT pg_sleep(60)'", "postgres"]
    deadline = time.monotonic() + 30
    while int(subprocess.run(psql, capture_output=True, text=True, check=True).stdout) < number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("options", [KEPT, {"CONN_MAX_AGE": 60}, {"ATOMIC_REQUESTS": True}, {}])
def test_a_restart_under_load_fails_no_request_with_500_and_signs_nobody_out(options, serve, database):
    site, ended = serve(**options), Event()
    cookie = site.ask("/sign-in/", "POST").headers["Set-Cookie"].split(";")[0]

    def visit(number):
        answers = []
        while not ended.is_set():
            answers.append(site.ask("/user/" if number % 2 else "/plain/", Cookie=cookie))
        return answers

    with ThreadPoolExecutor(12) as pool:
        visitors = [pool.submit(visit, number) for number in range(12)]
        for _ in range(2):
            database.stop()
            database.start()
        ended.set()
        answers = [answer for visitor in visitors for answer in visitor.result()]
    found = {answer.status for answer in answers}
    assert found <= {200, 503} and 200 in found
    assert {answer.text for answer in answers if answer.status == 200} == {"ada\n", "no database\n"}
    if options == KEPT:
        # Nothing was under way in the database: each request waited, and has its answer.
        assert [answer.status for answer in answers].count(503) <= 2
    assert site.ask("/user/", Cookie=cookie).text == "ada\n"
    assert "Traceback" not in site.log
    assert "the database is away" in site.log and "the database is back" in site.log


def test_a_request_waits_five_seconds_in_all_and_others_do_not_begin_anew(serve, database):
    site = serve(**KEPT)
    assert site.ask("/count/").status == 200
    database.stop()
    began = time.monotonic()
    # More than there are threads: the last page has to wait until one is free.
    assert site.statuses(["/count/"] * 40 + ["/plain/"]) == [503] * 40 + [200]
    waited = time.monotonic() - began
    answer = site.ask("/count/")
    # Not a measure of speed: three rounds of waiting would be 15 s.
    assert 5 < waited < 10 and time.monotonic() - began - waited < 5
    assert (answer.status, answer.text, answer.headers["Retry-After"]) == (503, PAGE, "10")
    assert "no-store" in answer.headers["Cache-Control"] and answer.headers["Content-Type"].startswith("text/html")
    assert (site.ask("/healthz/live").status, site.ask("/healthz/ready").status) == (200, 503)
    assert site.log.count("the database is away") <= 2, "a line for each process"
    database.start()
    assert site.ask("/count/").status == 200


@pytest.mark.parametrize("options", [KEPT, {"ATOMIC_REQUESTS": True}])
def test_what_breaks_in_the_middle_gets_a_503_and_is_not_done_twice(options, serve, database):
    site = serve(patience=1, **options)
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(site.ask, "/write/?name=once", "POST")
        swallowing = pool.submit(site.ask, "/swallow/", "POST")
        sleeping(database, 2)
        database.stop()
        # The second is written after the view, by a middleware, and finds no database.
        assert (writing.result().status, swallowing.result().status) == (503, 503)
    database.start()
    assert site.ask("/count/").text == ("0\n" if "ATOMIC_REQUESTS" in options else "1\n")
    assert "Traceback" not in site.log


def test_a_server_that_crashes_is_away_too(serve, database):
    site = serve(**KEPT)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(site.ask, "/write/?name=crash", "POST")
        sleeping(database, 1)
        backends = subprocess.run(["pgrep", "-P", str(database.running.pid), "-f", "SELECT"], capture_output=True)
        # One process that is killed: PostgreSQL ends all connections and recovers.
        os.kill(int(backends.stdout.split()[0]), signal.SIGKILL)
        assert writing.result().status == 503
    assert site.ask("/count/").status == 200


def test_errors_that_are_the_sites_own_stay_errors(serve, database, tmp_path):
    site = serve(**KEPT)
    assert site.ask("/wrong/").status == 500
    assert re.search("Traceback.*division by zero", site.log, re.S)


@pytest.mark.parametrize(("user", "name"), [("site", "missing"), ("nobody", "postgres")])
def test_a_missing_database_and_a_rejected_user_stay_errors(user, name, serve, database):
    site = serve(url=f"postgres://{user}@/{database.directory}/{name}")
    began = time.monotonic()
    with pytest.raises((http.client.HTTPException, AssertionError)):
        # The page for a 500 asks the database too: Gunicorn's own is left.
        assert site.ask("/count/").status == 200
    assert time.monotonic() - began < 5
    assert site.ask("/count/").status == 500
    assert "does not exist" in site.log
