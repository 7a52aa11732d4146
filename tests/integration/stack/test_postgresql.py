"""The site on a real PostgreSQL: ready while the database answers, 503 while it does not."""

import http.client
import os
import socket
import subprocess
import sys

from rehearsal.local_site import BIN
from tests.clone import clone_of_fixture


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the Unix socket that Gunicorn listens on."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def get(path, url):
    connection = UnixConnection(path)
    connection.request("GET", url)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_ready_check_follows_the_database_and_the_live_check_does_not(database, processes, tmp_path):
    checkout = clone_of_fixture(tmp_path / "clone")
    listening = tmp_path / "gunicorn.sock"
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    env |= {"DATABASE_URL": database.url, "SLIPWAY_SOCKET": str(listening), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=checkout, env=env, check=True)
    command = [BIN / "gunicorn", "-c", "deploy/gunicorn.conf.py", "fixture.wsgi"]
    processes.start("gunicorn", command, env=env, cwd=checkout, ready=[listening])
    assert get(listening, "/healthz/ready") == 200
    assert get(listening, "/photos/") == 200

    database.stop()
    assert get(listening, "/healthz/ready") == 503
    assert get(listening, "/healthz/live") == 200

    database.start()
    assert get(listening, "/healthz/ready") == 200
    assert get(listening, "/photos/") == 200
