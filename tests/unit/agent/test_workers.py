"""Workers: restarted with the release, after what they have begun; one that ends at once fails the release."""

from types import SimpleNamespace

import pytest

UNIT = "slipway-worker-tasks.service"
OLD = {"ActiveState": "active", "SubState": "running", "InvocationID": "old", "NRestarts": "0", "MainPID": "7"}
DRAINING = OLD | {"ActiveState": "deactivating", "SubState": "stop-sigterm"}
NEW = OLD | {"InvocationID": "new", "ExecMainStartTimestampMonotonic": "0"}


@pytest.fixture
def systemd(host, release, settings, monkeypatch):
    """``later`` has the worker's states, one for each look after its restart; the last one stays."""
    release("1", current=True)
    settings(workers=[{"name": "tasks", "memory": 56, "drain": 30}])
    systemd = SimpleNamespace(now=OLD, later=[], calls=[], clock=0.0)

    def run(line, **_):
        line = list(line)
        if line[:2] != ["systemctl", "show"]:
            systemd.calls.append(" ".join(line[1:]))
            return SimpleNamespace(stdout="", stderr="", returncode=0)
        if any("restart" in call for call in systemd.calls) and systemd.later:
            systemd.now = systemd.later.pop(0)
        said = "\n".join(f"{k}={v}" for k, v in ({"Id": UNIT} | systemd.now).items())
        return SimpleNamespace(stdout=said, stderr="", returncode=0)

    def sleep(_):
        systemd.clock += 3

    monkeypatch.setattr(host.processes, "run", run)
    monkeypatch.setattr(host.workers.time, "monotonic", lambda: systemd.clock)
    monkeypatch.setattr(host.workers.time, "sleep", sleep)
    monkeypatch.setattr(host.workers.cause, "of", lambda unit: f": {unit} ModuleNotFoundError")
    return systemd


def test_it_is_restarted_after_what_it_had_begun_and_watched_for_some_seconds(host, systemd, capsys):
    systemd.later = [OLD, DRAINING, DRAINING, DRAINING, DRAINING, NEW]
    host.workers.restart()
    assert systemd.calls == [f"reset-failed {UNIT}", f"restart --no-block {UNIT}"]
    assert "progress: waiting for the worker tasks to end what it has begun, 6 s" in capsys.readouterr().err
    assert systemd.clock >= host.workers.SETTLED


@pytest.mark.parametrize(
    "state",
    [
        NEW | {"ActiveState": "activating", "SubState": "auto-restart"},
        NEW | {"NRestarts": "1"},
        NEW | {"ActiveState": "failed", "SubState": "failed"},
    ],
)
def test_one_that_ends_at_once_is_named_with_its_reason(state, host, systemd):
    systemd.later = [DRAINING, state]
    wanted = r"^the worker tasks ended at once: slipway-worker-tasks ModuleNotFoundError; `make logs UNIT=slipway-wor"
    with pytest.raises(host.paths.HostError, match=wanted):
        host.workers.restart()


def test_one_that_systemd_does_not_start_is_named_in_the_end(host, systemd):
    with pytest.raises(host.paths.HostError, match="the worker tasks does not start; `make logs UNIT="):
        host.workers.restart()
    assert systemd.clock >= host.workers.STARTING + 30


def test_a_release_whose_worker_ends_at_once_gives_way_to_the_old_one_and_its_worker(
    host, systemd, release, monkeypatch
):
    release("2", served=False)
    monkeypatch.setattr(host.activate, "_check_health", lambda: None)
    restarted = []

    def restart():
        restarted.append(host.releases.current())
        if host.releases.current() == "2":
            raise host.paths.HostError("the worker tasks ended at once")

    monkeypatch.setattr(host.workers, "restart", restart)
    with pytest.raises(
        host.paths.HostError, match=r"^the worker tasks ended at once; rolled back to 1, which is live$"
    ):
        host.activate.activate("2")
    assert restarted == ["2", "1"]
    assert host.releases.current() == "1" and not host.releases.activated("2")


def test_in_a_rollback_the_site_counts_and_its_worker_is_only_named(host, systemd, release, monkeypatch, capsys):
    release("0")

    def restart():
        raise host.paths.HostError("the worker tasks ended at once")

    monkeypatch.setattr(host.activate, "_check_health", lambda: None)
    monkeypatch.setattr(host.workers, "restart", restart)
    assert host.activate.rollback("") == ("1", "0")
    assert "progress: the worker tasks ended at once; the site serves" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "runs"), [("arriving", False), ("closed", False), ("arrived", True)])
def test_on_a_server_that_a_site_has_not_reached_none_starts(state, runs, host, systemd):
    host.moving.MOVE.parent.mkdir(parents=True, exist_ok=True)
    host.moving.write(state=state)
    systemd.later = [NEW]
    host.workers.restart()
    assert bool(systemd.calls) == runs


def test_one_of_another_release_is_a_problem_but_not_during_a_deploy(host, systemd, monkeypatch, tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cwd").symlink_to("/srv/slipway/releases/0")
    monkeypatch.setattr(host.workers, "PROC", tmp_path)
    monkeypatch.setattr(host.locks, "holder", lambda: "")
    (problem,) = host.workers.problems()
    assert problem.name == f"unit {UNIT}"
    assert problem.text == f"the worker tasks still runs release 0: `sudo systemctl restart {UNIT}`"
    monkeypatch.setattr(host.locks, "holder", lambda: "me@laptop")
    assert list(host.workers.problems()) == []


def test_workers_are_among_what_must_run_once_a_release_serves(host, systemd):
    assert UNIT in host.units.expected()
    host.paths.CURRENT.unlink()
    assert UNIT not in host.units.expected()
