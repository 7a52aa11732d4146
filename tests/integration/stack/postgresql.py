"""A PostgreSQL of the test's own."""

import os
import signal
import subprocess
import time
from pathlib import Path


class Database:
    """A cluster of its own on a Unix socket, in a short path that the socket's name fits in."""

    def __init__(self, directory, processes):
        self.directory, self.processes, self.running = directory, processes, None
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        # PostgreSQL does not run as root.
        self.user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if self.user:
            subprocess.run(["chown", "postgres:", directory], check=True)
        command = [self.bin / "initdb", "-D", directory / "data", "-U", "site", "--auth=trust", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self.user)

    @property
    def url(self):
        return f"postgres://site@/{self.directory}/postgres"

    def start(self, port=0):
        """On the socket alone, or on ``port`` of the loopback too."""
        listening = ["-h", "127.0.0.1", "-p", str(port)] if port else ["-h", ""]
        command = [self.bin / "postgres", "-D", self.directory / "data", "-k", self.directory, "-F", *listening]
        ready = [self.directory / f".s.PGSQL.{port or 5432}"]
        self.running = self.processes.start(
            "postgres", command, env=os.environ, cwd=Path("/"), ready=ready, **self.user
        )
        # Its socket accepts before it does: until then it says that it is starting up.
        answering = [self.bin / "pg_isready", "--quiet", "-h", self.directory, "-p", str(port or 5432)]
        deadline = time.monotonic() + 60
        while subprocess.run(answering, check=False).returncode:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def stop(self):
        # Fast shutdown: it does not wait for the site's kept connections.
        self.running.send_signal(signal.SIGINT)
        self.running.wait(30)
        self.processes.stop(self.running)
