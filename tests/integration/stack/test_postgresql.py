"""The site on a real PostgreSQL: ready while the database answers, 503 while it does not."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from rehearsal.local_site import BIN, ROOT
from rehearsal.processes import Processes


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the Unix socket that Gunicorn listens on."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Database:
    """A cluster of its own on a Unix socket, in a short path that the socket's name fits in."""

    def __init__(self, directory, processes):
        self.directory, self.processes, self.running = directory, processes, None
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        # PostgreSQL refuses to run as root.
        self.user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if self.user:
            subprocess.run(["chown", "postgres:", directory], check=True)
        command = [self.bin / "initdb", "-D", directory / "data", "-U", "site", "--auth=trust", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self.user)

    @property
    def url(self):
        return f"postgres://site@/{self.directory}/postgres"

    def start(self):
        command = [self.bin / "postgres", "-D", self.directory / "data", "-k", self.directory, "-h", "", "-F"]
        ready = [self.directory / ".s.PGSQL.5432"]
        self.running = self.processes.start(
            "postgres", command, env=os.environ, cwd=Path("/"), ready=ready, **self.user
        )
        # Its socket accepts before it does: until then it says that it is starting up.
        answering = [self.bin / "pg_isready", "--quiet", "-h", self.directory]
        deadline = time.monotonic() + 60
        while subprocess.run(answering, check=False).returncode:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def stop(self):
        # Fast shutdown: it does not wait for the site's kept connections.
        self.running.send_signal(signal.SIGINT)
        self.running.wait(30)
        self.processes.stop(self.running)


@pytest.fixture
def processes(tmp_path):
    with Processes(tmp_path / "log") as processes:
        yield processes


@pytest.fixture
def database(processes):
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        database = Database(Path(directory), processes)
        database.start()
        yield database
        database.stop()


def get(path, url):
    connection = UnixConnection(path)
    connection.request("GET", url)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_ready_check_follows_the_database_and_the_live_check_does_not(database, processes, tmp_path):
    listening = tmp_path / "gunicorn.sock"
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    env |= {"DATABASE_URL": database.url, "SLIPWAY_SOCKET": str(listening), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    command = [BIN / "gunicorn", "-c", "deploy/gunicorn.conf.py", "photowall.wsgi"]
    processes.start("gunicorn", command, env=env, cwd=ROOT, ready=[listening])
    assert get(listening, "/healthz/ready") == 200
    assert get(listening, "/wall/") == 200

    database.stop()
    assert get(listening, "/healthz/ready") == 503
    assert get(listening, "/healthz/live") == 200

    database.start()
    assert get(listening, "/healthz/ready") == 200
    assert get(listening, "/wall/") == 200
