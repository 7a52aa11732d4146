"""A deploy's proof: it follows the origin's log, and fails a deploy when it cannot run."""

import contextlib
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.tool.secrets import Secrets
from slipway.tool.server import agent, run_proof, state
from slipway.web.errors import SlipwayError
from static_smoke.checks import origin_log
from static_smoke.rules import Rule
from tests.unit.smoke.test_logs import HOSTS, RUN, line

# The server's own command, with a folder of the test's in place of nginx's.
AGENT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from pathlib import Path; from agent import __main__, logs;"
    " logs.NGINX_LOGS = Path(sys.argv.pop(1)); del sys.argv[1]; __main__.prepare = lambda: None; __main__.main()"
)


def cut_short(access):
    access.write_text("")


def turned_over(access):
    access.rename(access.with_name("access.log.1"))
    access.write_text(line())


@pytest.mark.parametrize("happens", [cut_short, turned_over])
def test_a_followed_log_that_is_rotated_is_not_passed(happens, site, tmp_path, monkeypatch):
    """By the very command that a proof follows it with."""
    monkeypatch.setattr(state, "ROOT", tmp_path)
    access = tmp_path / "access.log"
    access.write_text(line(uri="/static/before.css") + "\n")
    called = [sys.executable, "-c", AGENT, str(agent.pack(tmp_path / "slipway")), str(tmp_path)]
    shell = SimpleNamespace(command=lambda text, **_: [*called, *text.split()])
    followed = state.directory(site) / "log" / "origin.log"
    with run_proof.Proof(site, Secrets(tmp_path, tmp_path, {}, {}, {}), shell, None):
        log = origin_log.OriginLog(followed)
        # Until it follows, it would not notice; each line that arrives says that it does.
        for _ in range(1000):
            with access.open("a") as file:
                file.write(line(uri="/static/css/a.css") + "\n")
            if log.lines():
                break
            time.sleep(0.02)
        assert origin_log.check(log, RUN, HOSTS, set(), []).checked
        happens(access)
        for _ in range(1000):
            if log.gap():
                break
            time.sleep(0.02)
    assert not _followers(access)
    result = origin_log.check(log, RUN, HOSTS, set(), [])
    assert (result.checked, [fact.rule for fact in result.facts][:1]) == (None, [Rule.ARRIVED])
    assert "lines may be missing (" in result.reason and str(access) in result.reason


@pytest.mark.parametrize("status", [1, 2], ids=["a traceback", "an argument"])
def test_a_proof_that_breaks_off_is_not_taken_for_the_one_before(status, site, tmp_path, monkeypatch):
    monkeypatch.setattr(state, "ROOT", tmp_path)
    (tmp_path / "tests" / "smoke").mkdir(parents=True)
    (tmp_path / "tests" / "smoke" / "__main__.py").write_text(f"raise SystemExit({status})")
    report = state.directory(site) / "report"
    report.mkdir()
    (report / "smoke.json").write_text('{"sentence": "0 static requests reached the origin"}')
    made = run_proof.Proof(site, Secrets(tmp_path, tmp_path, {}, {}, {}), None, SimpleNamespace(directory=tmp_path))
    monkeypatch.setattr(made, "_provisioned_state", lambda: None)
    with pytest.raises(SlipwayError, match=r"^the proof failed: it could not run$"):
        made.run()


def _followers(file):
    """Who still reads it when the proof has ended; each gets ten seconds to end."""
    named = str(file).encode()
    for _ in range(500):
        left = [line for line in _command_lines() if line.startswith(b"tail\0") and named in line]
        if not left:
            break
        time.sleep(0.02)
    return left


def _command_lines():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # One may end between the two.
        with contextlib.suppress(OSError):
            yield path.read_bytes()
