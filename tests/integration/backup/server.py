"""A server whose database the agent restores: the session's cluster, with the agent's own program and no systemd."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from slipway.tool.server import agent
from tests.integration.backup.cluster import PORT, VERSION, Backups, Cluster
from tests.unit.agent.conftest import lay_out

PROGRAMS = Path(__file__).with_name("programs")
# Before what a test runs in the agent: it kills itself once a function has done its part.
PRELUDE = """
import os
import re
from agent import cluster as clusters, generation, probe, recovery, releases, restore

def die_after(name):
    holder = clusters if name == "keep" else clusters.Cluster
    function = getattr(holder, name)
    def dies(*words):
        function(*words)
        os.kill(os.getpid(), 9)
    setattr(holder, name, dies)
    return True

"""
SETTINGS = {"site": "example.com", "site_host": "www.example.com", "layout": 3, "tls": True, "memory_max": "80M"}


class Server:
    """While it is open, the agent starts and stops the cluster by systemctl; afterwards it is the fixture's again."""

    def __init__(self, cluster: Cluster, backups: Backups) -> None:
        self.cluster, self.backups, self.top = cluster, backups, cluster.top
        self.program = agent.pack(self.top / "slipway")
        lay_out(self.top, SETTINGS)
        self.env = os.environ | {"SLIPWAY_PREFIX": str(self.top), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        self.env["PGPORT"] = str(PORT)
        self.unit = f"postgresql@{VERSION}-main.service"
        self.bucket = f"the bucket {backups.settings['repo1-s3-bucket']} at {backups.settings['repo1-s3-endpoint']}"
        # A time soon after the first backup: a restore to it has little WAL to replay.
        self.moment = ""
        self._lock: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Server":
        self.cluster.stop()
        self.systemctl("start", self.unit)
        self._lock = self._popen("hold", "tests", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.env["SLIPWAY_LOCK"] = self._lock.stdout.readline().split()[1]
        held = self.generation() | {"machine": self.run("print(generation.machine())").stdout.strip()}
        (self.backups.state / "generation.json").write_text(json.dumps(held))
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.communicate()
        self.systemctl("stop", self.unit)
        self.cluster.start()

    def systemctl(self, *words: str) -> None:
        subprocess.run([PROGRAMS / "systemctl", *words], env=self.env, check=True)

    def run(self, code: str, within: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """``code``, with some of the agent's modules by name; ``within`` is a command that runs it."""
        env = self.env | {"PYTHONPATH": str(self.program)}
        line = [*within, sys.executable, "-c", PRELUDE + code]
        return subprocess.run(line, env=env, check=False, capture_output=True, text=True)

    def generation(self) -> dict:
        return json.loads((self.backups.state / "generation.json").read_text())

    def restore(self, *words: str, code: int = 0) -> str:
        """What `slipway restore` prints; with ``code`` 1, its error, in one line."""
        with self._popen("restore", *words) as process:
            printed, errors = process.communicate()
        assert process.returncode == code, errors
        lines = [line for line in errors.splitlines() if not line.startswith("progress: ")]
        assert len(lines) == code, errors
        return lines[0] if code else printed.strip()

    def killed(self, step: str, *words: str) -> bool:
        """Starts a restore and kills it, as a power cut does, when it says ``step``; False when it ended before."""
        with self._popen("restore", *words) as process:
            for line in process.stderr:
                if re.match(f"progress: {step}", line):
                    process.send_signal(signal.SIGKILL)
                    return True
        return False

    def progress(self, *words: str, code: int = 0) -> list[str]:
        with self._popen("restore", *words) as process:
            _, errors = process.communicate()
        assert process.returncode == code, errors
        return [line.removeprefix("progress: ") for line in errors.splitlines() if line.startswith("progress: ")]

    def _popen(self, *words: str, **pipes: int) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | pipes
        return subprocess.Popen([sys.executable, self.program, *words], env=self.env, text=True, **pipes)
