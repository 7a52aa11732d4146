"""A PostgreSQL that is restarted, stopped or killed under a site of two workers: requests wait, then get a 503."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from uuid import uuid4

import psycopg
import pytest

from rehearsal.processes import Processes
from slipway import ROOT
from slipway.web.database.away import is_away
from tests.integration.stack.postgresql import Database
from tests.integration.stack.test_postgresql import UnixConnection

SITE = Path(__file__).with_name("away_site.py")
KEPT = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
PATIENCE = 3  # s
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


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A cluster with the site's tables and a user."""
    with (
        Processes(tmp_path_factory.mktemp("log")) as processes,
        TemporaryDirectory(prefix="pg", dir="/tmp") as directory,
    ):
        database = Database(Path(directory), processes)
        database.start()
        make = "import away_site; from django.core.management import call_command as c; c('migrate', verbosity=0);"
        make += "away_site.User.objects.create(username='ada')"
        env = os.environ | {"DATABASE_URL": database.url, "PYTHONPATH": str(ROOT / "deploy")}
        subprocess.run([sys.executable, "-c", make], cwd=SITE.parent, env=env, check=True)
        yield database
        database.stop()


@contextmanager
def serving(database, directory, **options):
    """The site before the database; ``options`` are of its connection."""
    for name in ("project", "deploy", "manifests"):
        (directory / name).mkdir()
    shutil.copy(ROOT / "deploy" / "gunicorn.conf.py", directory / "deploy")
    (directory / "deploy" / "slipway").symlink_to(ROOT / "deploy" / "slipway")
    shutil.copy(SITE, directory / "project")
    (directory / "manifests" / "503.html").write_text(PAGE)
    socket = directory / "gunicorn.sock"
    env = os.environ | {
        "DATABASE_URL": database.url,
        "DATABASE_OPTIONS": json.dumps(options),
        "SLIPWAY_MANIFESTS": str(directory / "manifests"),
        "SLIPWAY_SOCKET": str(socket),
        "PATIENCE": str(PATIENCE),
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "away_site:application"]
    with Processes(directory / "log") as processes:
        processes.start("gunicorn", command, env=env, cwd=directory, ready=[socket])
        yield Site(socket, directory / "log" / "gunicorn.log")


@pytest.fixture(scope="module", params=[KEPT, {"ATOMIC_REQUESTS": True}], ids=["kept", "atomic"])
def each_site(request, database, tmp_path_factory):
    """Its connections are kept, or made for each request with a transaction around it."""
    with serving(database, tmp_path_factory.mktemp("site"), **request.param) as site:
        site.kept = request.param is KEPT
        yield site


@contextmanager
def stopped(database):
    database.stop()
    try:
        yield
    finally:
        database.start()


def sleeping(database, number):
    """Returns once so many views wait for an answer of the database's."""
    psql = [database.bin / "psql", "-h", database.directory, "-U", "site", "-Atc"]
    psql += ["select count(*) from pg_stat_activity where query = 'SELECT pg_sleep(60)'", "postgres"]
    deadline = time.monotonic() + 30
    while int(subprocess.run(psql, capture_output=True, text=True, check=True).stdout) < number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_restart_under_load_fails_no_request_with_500_and_signs_nobody_out(each_site, database):
    site, ended = each_site, Event()
    cookie = site.ask("/sign-in/", "POST").headers["Set-Cookie"].split(";")[0]

    def visit(number):
        answers = []
        while not ended.is_set():
            answers.append(site.ask("/user/" if number % 2 else "/plain/", Cookie=cookie))
        return answers

    with ThreadPoolExecutor(12) as pool:
        visitors = [pool.submit(visit, number) for number in range(12)]
        try:
            with stopped(database):
                pass
        finally:
            ended.set()
        answers = [answer for visitor in visitors for answer in visitor.result()]
    assert {answer.status for answer in answers} <= {200, 503}
    assert {answer.text for answer in answers if answer.status == 200} == {"ada\n", "no database\n"}
    assert {answer.text for answer in answers if answer.status == 503} <= {PAGE}
    assert site.ask("/user/", Cookie=cookie).text == "ada\n"
    assert "Traceback" not in site.log and "Service Unavailable: /count/" not in site.log
    assert "the database is away" in site.log and "the database is back" in site.log


def test_a_request_waits_so_long_in_all_and_others_do_not_begin_anew(each_site, database):
    site = each_site
    assert site.ask("/count/").status == 200
    with stopped(database):
        began = time.monotonic()
        # More than there are threads: the last page has to wait until one is free.
        assert site.statuses(["/count/"] * 40 + ["/plain/"]) == [503] * 40 + [200]
        waited = time.monotonic() - began
        answer = site.ask("/count/")
        health = [site.ask(f"/healthz/{name}").status for name in ("live", "ready")]
    # Not a measure of speed: three rounds of waiting would be nine seconds.
    assert PATIENCE - 0.5 < waited < 3 * PATIENCE
    assert (answer.status, answer.text, answer.headers["Retry-After"]) == (503, PAGE, "10")
    assert "no-store" in answer.headers["Cache-Control"] and answer.headers["Content-Type"].startswith("text/html")
    # Each process still believes that it is away, and one of its threads finds that it is not.
    assert site.statuses(["/count/"] * 16) == [200] * 16
    assert health == [200, 503]
    assert "Traceback" not in site.log and "Service Unavailable: /count/" not in site.log


def test_what_breaks_in_the_middle_gets_a_503_and_is_not_done_twice(each_site, database):
    site, rows = each_site, int(each_site.ask("/count/").text)
    paths = (f"/write/?name={uuid4()}", "/swallow/", "/swallow/?ask=1")
    with ThreadPoolExecutor(len(paths)) as pool:
        asked = [pool.submit(site.ask, path, "POST") for path in paths]
        sleeping(database, len(paths))
        with stopped(database):
            # The last two are written after the view, by a middleware, and find no database.
            answers = [each.result() for each in asked]
    assert [(answer.status, answer.text) for answer in answers] == [(503, PAGE)] * len(paths)
    # What the site's own middleware adds to its pages.
    assert answers[0].headers["X-Frame-Options"] == "DENY"
    # Without a transaction what was written before is there, once.
    assert int(site.ask("/count/").text) == rows + site.kept
    assert "Traceback" not in site.log


def test_a_server_that_crashes_is_away_too(each_site, database):
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(each_site.ask, f"/write/?name={uuid4()}", "POST")
        sleeping(database, 1)
        children = ["pgrep", "-P", str(database.running.pid), "-f", "SELECT"]
        found = subprocess.run(children, capture_output=True, text=True, check=True).stdout
        # One process that is killed: PostgreSQL ends all connections and recovers.
        os.kill(int(found.split()[0]), signal.SIGKILL)
        assert writing.result().status == 503
    deadline = time.monotonic() + 60
    # How long it recovers is its own affair; what is asked meanwhile is no error.
    while (status := each_site.ask("/count/").status) == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert status == 200


def test_an_error_of_the_sites_own_stays_one(each_site):
    # The last of this file: its traceback is in the log of the others.
    assert each_site.ask("/wrong/").status == 500
    assert re.search("Traceback.*division by zero", each_site.log, re.S)


@pytest.mark.parametrize(("user", "name"), [("site", "missing"), ("nobody", "postgres")])
def test_a_missing_database_and_a_rejected_user_are_not_away(user, name, database):
    with pytest.raises(psycopg.OperationalError, match="does not exist") as caught:
        psycopg.connect(host=database.directory, user=user, dbname=name)
    assert not is_away(caught.value)
