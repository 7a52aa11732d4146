"""The reason of a rejected release is the one that its own process wrote, in any form."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

WSGI = "def application(environ, start_response):\n    raise NotImplementedError\n"


@pytest.fixture
def gunicorn(host, tmp_path):
    """What Gunicorn writes, as the journal keeps it, when a release's wsgi module begins with ``body``; its status."""
    project = tmp_path / "srv" / "slipway" / "releases" / "1" / "project"
    project.mkdir(parents=True)

    def run(body):
        (project / "wsgi.py").write_text(body + "\n" + WSGI)
        (project / "settings.py").write_text("import not_installed_at_all\n")
        line = [sys.executable, "-m", "gunicorn", "--preload", "--workers=1", f"--bind=unix:{tmp_path}/sock"]
        done = subprocess.run(
            [*line, "--no-control-socket", "wsgi"],
            cwd=project,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        # journald keeps no empty line.
        said = "\n".join(line.rstrip() for line in done.stderr.splitlines() if line.strip())
        return said, done.returncode

    return run


@pytest.fixture
def unit(host, monkeypatch):
    """``unit(said, …)``: the reason for a unit of this state whose own invocation, "now", wrote ``said``."""

    def reason(said, **state):
        known = {"InvocationID": "now", "MainPID": "0", "ExecMainCode": "1", "ExecMainStatus": "1"} | state
        journal = {"now": said, "before": "Traceback (most recent call last):\n  File x\nOSError: an earlier one\n"}

        def run(line, **_):
            if line[0] == "systemctl":
                return SimpleNamespace(stdout="".join(f"{name}={value}\n" for name, value in known.items()))
            wanted = [part.partition("=")[2] for part in line if part.startswith("_SYSTEMD_INVOCATION_ID=")]
            return SimpleNamespace(stdout="".join(journal[each] for each in wanted))

        monkeypatch.setattr(host.processes, "run", run)
        return host.cause.of("slipway-check")

    return reason


CUSTOM = "class TheBoatIsTooSmall(Exception): pass\nraise TheBoatIsTooSmall('eleven on board\\nof ten')"
CHAINED = "try:\n    {}['mast']\nexcept KeyError as error:\n    raise ValueError('no mast') from error"
GROUP = """def inner():
    raise KeyError("oar")
try:
    inner()
except KeyError as error:
    raise ExceptionGroup("all of these", [error, ExceptionGroup("and", [TypeError("sail")])])"""


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("raise ValueError('broken')", ": ValueError: broken at project/wsgi.py:1"),
        ("raise RuntimeError('no keel')", ": RuntimeError: no keel"),
        (CUSTOM, ": wsgi.TheBoatIsTooSmall: eleven on board at project/wsgi.py:2"),
        ("class Sunk(BaseException): pass\nraise Sunk", ": wsgi.Sunk at project/wsgi.py:2"),
        ("raise SystemExit('set MAST in the environment')", ": set MAST in the environment"),
        ("raise SystemExit(4)", ": exit status 4, and no output"),
        ("import settings", ": ModuleNotFoundError: No module named 'not_installed_at_all' at project/settings.py:1"),
        ("x = = 1", ": SyntaxError: invalid syntax at project/wsgi.py:1"),
        (CHAINED, ": ValueError: no mast at project/wsgi.py:4"),
        (
            GROUP,
            ": ExceptionGroup: all of these (2 sub-exceptions): "
            "KeyError: 'oar'; ExceptionGroup: and (1 sub-exception); TypeError: sail at project/wsgi.py:2",
        ),
    ],
)
def test_whatever_a_release_raises_is_named(body, wanted, gunicorn, unit):
    said, status = gunicorn(body)
    assert unit(said, ExecMainStatus=str(status)) == wanted


MEMORY = "killed: it needed more memory than the budget gives a release (80M)"
SIGKILL = "killed by SIGKILL, as the kernel does when memory runs out: a release has 80M"
WORKER = "[2026-11-30 07:46:26 +0000] [7] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?\n"


@pytest.mark.parametrize(
    ("said", "state", "wanted"),
    [
        ("", {"Result": "oom-kill"}, f": {MEMORY}"),
        ("", {"ExecMainCode": "2", "ExecMainStatus": "9"}, f": {SIGKILL}"),
        ("", {"ExecMainCode": "3", "ExecMainStatus": "6"}, ": ended by SIGABRT"),
        (WORKER, {"MainPID": "7", "ExecMainCode": "0"}, f": a worker was {SIGKILL}"),
        ("a warning\n", {"MainPID": "7", "ExecMainCode": "0"}, ""),
        ("", {"InvocationID": ""}, ": exit status 1, and no output"),
    ],
    ids=["memory", "SIGKILL", "a signal", "a worker", "it runs", "gone"],
)
def test_a_unit_that_ended_without_output_has_its_cause(said, state, wanted, unit):
    assert unit(said, **state) == wanted
