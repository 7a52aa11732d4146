"""The throwaway process: what it must answer, and the error when it does not."""

import os
import re
import subprocess
import sys
import time

import pytest

from slipway.tool import config

# The fixture puts its own in the place of it.
real_run = subprocess.run


@pytest.fixture
def process(host, release, monkeypatch):
    """A release whose process answers as ``process.answers`` says; ``process.journal`` has lines by invocation, of
    which this one's is "now"."""
    release("1", served=False)
    process = type(
        "Process", (), {"answers": {"/healthz/ready": (200, ""), "/": (200, "")}, "journal": {}, "calls": []}
    )()
    process.listens, process.ended, process.computes = True, {}, lambda: 0.0

    def run(line, **_):
        process.calls.append(line)
        known = {"InvocationID": "now", "MainPID": "7", "ExecMainCode": "0", "Result": "success"}
        known |= {"CPUUsageNSec": int(process.computes() * 1e9)} | process.ended
        asked = [each.removeprefix("--property=") for each in line]
        said = "".join(f"{name}={value}\n" for name, value in known.items() if name in asked)
        if line[0] == "journalctl":
            said = process.journal.get(line[-1].removeprefix("_SYSTEMD_INVOCATION_ID="), "")
        return type("Done", (), {"returncode": 0, "stdout": said, "stderr": ""})()

    def ask(path, page):
        answer = process.answers[page]
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(host.processes, "run", run)
    monkeypatch.setattr(host.probe, "gunicorn", ask)
    monkeypatch.setattr(host.check, "SECONDS", 0.2)
    monkeypatch.setattr(host.check, "INTERVAL", 0.0)
    monkeypatch.setattr(type(host.check.SOCKET), "is_socket", lambda path: process.listens)
    return process


def stopped_last(process):
    return [line for line in process.calls if line[:2] == ["systemctl", "stop"]][-1] and process.calls[-1][1] in (
        "stop",
        "reset-failed",
    )


def test_a_good_release_answers_both_and_the_process_is_ended(host, process):
    assert host.check.check("1") == "/healthz/ready 200, / 200"
    assert stopped_last(process)


def test_a_site_without_a_front_page_is_checked_by_the_first_of_its_paths(host, process, settings):
    process.answers |= {"/": (404, ""), "/shop/": (200, "")}
    with pytest.raises(host.paths.HostError, match=r"/ answers 404 \(a site without a front page names another in `pa"):
        host.check.check("1")
    settings(page="/shop/")
    assert host.check.check("1") == "/healthz/ready 200, /shop/ 200"
    process.answers |= {"/shop/": (500, "")}
    with pytest.raises(host.paths.HostError, match="/shop/ answers 500"):
        host.check.check("1")


def test_a_front_page_that_fails_is_not_excused_by_another(host, process, settings):
    settings(page="/shop/")
    process.answers |= {"/": (500, ""), "/shop/": (200, "")}
    with pytest.raises(host.paths.HostError, match="/ answers 500"):
        host.check.check("1")


def test_it_runs_confined_inside_the_budget_and_not_as_root(host, process):
    host.check.check("1")
    (start,) = [line for line in process.calls if line[0] == "systemd-run"]
    for wanted in ("User=slipway", "MemoryMax=80M", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert f"--property={wanted}" in start


ENDED = {"MainPID": "0", "ExecMainCode": "1", "ExecMainStatus": "1", "Result": "exit-code"}
BEFORE = """Traceback (most recent call last):
  File "/srv/slipway/releases/0/project/wsgi.py", line 9, in <module>
ValueError: of the deploy before
"""
JOURNAL = """Traceback (most recent call last):
  File "/srv/slipway/releases/1/venv/lib/python3.13/site-packages/gunicorn/util.py", line 370, in import_app
    mod = importlib.import_module(module)
  File "/srv/slipway/releases/1/project/wsgi.py", line 9, in <module>
    raise ValueError("broken on purpose")
ValueError: broken on purpose
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"ended": ENDED, "listens": False, "journal": {"now": JOURNAL, "before": BEFORE}},
            r"health.*ValueError: broken on purpose at project/wsgi.py:9",
        ),
        (
            {"ended": ENDED | {"Result": "oom-kill"}, "listens": False},
            r"health.*does not start: killed: .*memory.*\(80M\)",
        ),
        (
            {"ended": ENDED, "listens": False, "journal": {"before": BEFORE}},
            r"does not start: exit status 1, and no output$",
        ),
        ({"listens": False}, "health.*timeout"),
        ({"answers": {"/healthz/ready": (500, "")}}, r"health.*/healthz/ready answers 500"),
        ({"answers": {"/healthz/ready": (503, '{"database": "OperationalError"}')}}, r"answers 503 \(database: Oper"),
        ({"answers": {"/healthz/ready": (200, ""), "/": (404, "")}}, r"health.*/ answers 404"),
        ({"answers": {"/healthz/ready": TimeoutError("timed out")}}, "health.*timeout"),
        ({"answers": {"/healthz/ready": ConnectionResetError("reset")}}, "health.*reset"),
    ],
)
def test_a_bad_one_is_rejected_with_the_reason_and_ended(change, says, host, process):
    for name, value in change.items():
        setattr(process, name, value)
    with pytest.raises(host.paths.HostError, match=says) as rejected:
        host.check.check("1")
    assert "\n" not in str(rejected.value)
    assert stopped_last(process)


def test_its_command_is_one_worker_whatever_the_environment_says(host, process):
    """Asked of Gunicorn itself, with our configuration and the site's own WEB_CONCURRENCY."""
    host.check.check("1")
    (start,) = [line for line in process.calls if line[0] == "systemd-run"]
    gunicorn = host.paths.RELEASES / "1" / "venv" / "bin" / "gunicorn"
    asking = start[-1].replace(str(gunicorn), f"{sys.executable} -m gunicorn --print-config")
    environment = {**os.environ, "WEB_CONCURRENCY": "2", "SLIPWAY_WSGI": "fixture.wsgi"}
    said = real_run(["sh", "-c", asking], cwd=config.ROOT, env=environment, capture_output=True, text=True, check=False)
    assert re.search(r"^workers +?= 1$", said.stdout, re.M), said.stdout + said.stderr


def test_it_is_one_worker_and_nothing_holds_up_its_end(host, process):
    host.check.check("1")
    (start,) = [line for line in process.calls if line[0] == "systemd-run"]
    # The environment file of the site wins over WEB_CONCURRENCY; Gunicorn's own argument wins over both.
    assert "--workers 1" in start[-1]
    assert "--property=KillSignal=SIGKILL" in start
    assert "--property=RemainAfterExit=yes" in start and "--collect" not in start
    (limit,) = [each for each in start if each.startswith("--property=RuntimeMaxSec=")]
    assert int(limit.rpartition("=")[2]) > host.check.LONGEST + 2 * host.probe.SECONDS


def test_what_a_killed_command_left_is_taken_away_first(host, process):
    host.check.check("1")
    # The slot asks first whether the site restarts.
    assert [list(line[:2]) for line in process.calls[:4]] == [
        ["systemctl", "show"],
        ["systemctl", "stop"],
        ["systemctl", "reset-failed"],
        ["systemd-run", "--quiet"],
    ]


def test_that_systemd_cannot_start_it_is_one_line(host, process, monkeypatch):
    said = "Failed to start transient service unit: no\nSee system logs for details.\n"
    rejected = type("Done", (), {"returncode": 1, "stdout": "", "stderr": said})
    monkeypatch.setattr(host.processes, "run", lambda line, **_: rejected)
    with pytest.raises(
        host.paths.HostError, match=r"systemd does not start it: Failed to start .*: no See system logs for details\.$"
    ):
        host.check.check("1")


def test_a_page_that_redirects_to_a_login_is_a_page(host, process):
    process.answers["/"] = (302, "")
    assert host.check.check("1").endswith("/ 302")


def test_its_turn_is_waited_for_by_all_its_processes(host, tmp_path, monkeypatch):
    monkeypatch.setattr(host.check, "CGROUPS", tmp_path)
    monkeypatch.setattr(host.check, "PROC", tmp_path)
    for pid, waited in (("7", 1_500_000_000), ("8", 2_000_000_000)):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "schedstat").write_text(f"900 {waited} 4\n")
    (tmp_path / "cgroup.procs").write_text("7\n9\n8\n")  # the second has ended meanwhile
    assert host.check._queued("/") == 3.5
    assert host.check._queued("/slipway-check.service") == 0


def test_a_process_that_computes_is_waited_for_and_one_without_end_is_not(host, process, monkeypatch):
    began = time.monotonic()
    process.computes = lambda: time.monotonic() - began
    monkeypatch.setattr(type(host.check.SOCKET), "is_socket", lambda path: time.monotonic() - began > 0.6)
    assert host.check.check("1") == "/healthz/ready 200, / 200"
    monkeypatch.setattr(type(host.check.SOCKET), "is_socket", lambda path: False)
    monkeypatch.setattr(host.check, "LONGEST", 0.2)
    with pytest.raises(host.paths.HostError, match=r"timeout, it has not started after \d+ s"):
        host.check.check("1")


def test_a_copy_that_can_only_be_read_is_asked_by_its_own_socket_and_a_page_that_writes_is_no_fault(host, process):
    process.answers["/"] = (500, "")
    assert host.check.check_copy("1", host.paths.RUN / "copy") == "/healthz/ready 200, / 500"
    (started,) = [line for line in process.calls if line[0] == "systemd-run"]
    assert f"--property=BindPaths={host.paths.RUN}/copy:{host.paths.LAYOUT['postgresql_run']}" in started
    process.answers["/healthz/ready"] = (503, '{"database": "Error"}')
    with pytest.raises(host.paths.HostError, match="/healthz/ready answers 503"):
        host.check.check_copy("1", host.paths.RUN / "copy")
