"""Jobs by the calendar: a turn in the slot that no process waits for, how each ended, when it runs next."""

import json
import time
from types import SimpleNamespace

import pytest

UNIT, TIMER = "slipway-job-digest.service", "slipway-job-digest.timer"
DIGEST = {"name": "digest", "command": ["python"], "when": "Mon 06:00 UTC", "limit": 60, "resume": True}
NEXT = 1_800_000_000


def told(seconds):
    """As systemd tells a time."""
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


@pytest.fixture
def systemd(host, release, settings, monkeypatch):
    """``units`` by name; ``calls`` is what else was run. A job's unit runs as invocation ``a``."""
    release("1", current=True)
    host.paths.JOBS.mkdir(parents=True)
    settings(jobs=[DIGEST, DIGEST | {"name": "once", "resume": False}])
    monkeypatch.setenv("INVOCATION_ID", "a")
    systemd = SimpleNamespace(units={}, calls=[])
    for name in (TIMER, "slipway-job-once.timer"):
        systemd.units[name] = {"ActiveState": "active", "NextElapseUSecRealtime": told(NEXT)}

    def run(line, **_):
        said, line = "", list(line)
        if line[:2] == ["systemctl", "show"]:
            names = [part for part in line[2:] if not part.startswith("--")]
            asked = [{"Id": name, "ActiveState": "inactive"} | systemd.units.get(name, {}) for name in names]
            said = "\n\n".join("\n".join(f"{k}={v}" for k, v in unit.items()) for unit in asked)
        else:
            systemd.calls.append(line)
        return SimpleNamespace(stdout=said, stderr="", returncode=0)

    monkeypatch.setattr(host.processes, "run", run)
    monkeypatch.setattr(host.locks, "holder", lambda: "")
    return systemd


@pytest.fixture
def ended(host, systemd, monkeypatch):
    """Lets the job begin, and end as systemd tells it; returns how it is noted."""

    def end(result, code="exited", status="0", *, name="digest", seconds=0.0):
        began = time.monotonic()
        monkeypatch.setattr(host.scheduled.time, "monotonic", lambda: began)
        assert host.scheduled.begin(name) == 0
        monkeypatch.setattr(host.scheduled.time, "monotonic", lambda: began + seconds)
        for variable, value in (("SERVICE_RESULT", result), ("EXIT_CODE", code), ("EXIT_STATUS", status)):
            monkeypatch.setenv(variable, value)
        host.scheduled.end(name)
        return next(job["last"] for job in host.scheduled.listing() if job["name"] == name)

    return end


def texts(host):
    return [problem.text for problem in host.scheduled.problems()]


def test_the_unit_has_the_slot_after_the_process_that_took_it_has_ended(host, systemd):
    assert host.scheduled.begin("digest") == 0
    systemd.units[UNIT] = {"ActiveState": "active", "MainPID": "7"}
    holder = host.slot.holder()
    assert (holder["name"], holder["unit"], holder["stop"]) == ("the job digest", UNIT, host.slot.AGAIN)
    assert host.scheduled.begin("once") == host.scheduled.NOT_YET
    systemd.units[UNIT] = {"ActiveState": "inactive", "MainPID": "0"}
    assert host.slot.holder() is None
    assert host.scheduled.begin("once") == 0


def test_one_that_must_not_run_again_is_ended_and_not_stopped_for_later(host, systemd):
    host.scheduled.begin("once")
    systemd.units["slipway-job-once.service"] = {"ActiveState": "active", "MainPID": "7"}
    assert host.slot.holder()["stop"] == host.slot.END


def test_it_waits_while_a_deploy_has_the_lock_or_another_has_the_slot(host, systemd, monkeypatch):
    with host.slot.held("a full backup", "slipway-backup.service"):
        assert host.scheduled.begin("digest") == host.scheduled.NOT_YET
    monkeypatch.setattr(host.locks, "holder", lambda: "me@laptop since then")
    assert host.scheduled.begin("digest") == host.scheduled.NOT_YET
    monkeypatch.setattr(host.locks, "holder", lambda: "")
    assert host.scheduled.begin("digest") == 0


def test_a_deploy_stops_it_after_a_minute_and_its_unit_starts_again_at_the_end(host, systemd, monkeypatch):
    host.scheduled.begin("digest")
    systemd.units[UNIT] = {"ActiveState": "active", "MainPID": "7"}
    clock = SimpleNamespace(now=0.0)

    def sleep(_):
        clock.now += 1
        if ["systemctl", "stop", "--no-block", UNIT] in systemd.calls:
            systemd.units[UNIT] = {"ActiveState": "inactive", "MainPID": "0"}

    monkeypatch.setattr(host.slot.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(host.slot.time, "sleep", sleep)
    monkeypatch.setattr(host.locks, "holder", lambda: "me@laptop since then")
    with host.slot.held("the check of a release", "slipway-check.service"):
        assert clock.now == 61
    host.slot.resume()
    assert systemd.calls[-1] == ["systemctl", "start", "--no-block", UNIT, "slipway-backup.service"]


def test_how_it_ended_is_kept_with_its_release_and_its_time(host, systemd, ended):
    last = ended("success", seconds=2.5)
    assert (last["result"], last["why"], last["seconds"], last["release"]) == ("done", "", 2.5, "1")
    assert json.loads((host.paths.JOBS / "digest.json").read_text())["last"] == last
    assert texts(host) == []


def test_one_that_fails_is_a_problem_with_the_cause_until_it_succeeds(host, systemd, ended, monkeypatch):
    monkeypatch.setattr(host.cause, "of", lambda unit: f": {unit} CommandError: no such list")
    last = ended("exit-code", status="1")
    assert last["result"] == "failed"
    (text,) = texts(host)
    assert "the job digest failed at 20" in text and "CommandError: no such list" in text
    assert "`make jobs RUN=digest` runs it again" in text
    assert [problem.name for problem in host.scheduled.problems()] == ["job digest"]
    ended("success")
    assert texts(host) == []


def test_one_that_never_ends_fails_at_its_limit(host, systemd, ended):
    last = ended("timeout", "killed", "TERM", seconds=3600.5)
    assert (last["result"], last["why"]) == ("failed", "it had not ended after 60 minutes, its limit")


@pytest.mark.parametrize(("result", "code", "status"), [("success", "killed", "TERM"), ("timeout", "killed", "KILL")])
def test_one_that_was_stopped_has_not_failed(result, code, status, host, systemd, ended):
    assert ended(result, code, status, seconds=30)["result"] == "stopped"
    assert texts(host) == []


def test_one_that_was_stopped_for_a_deploy_says_that_it_runs_again(host, systemd, ended):
    host.slot.STOPPED.write_text(f"{UNIT}\n")
    last = ended("exit-code", status="143")
    assert (last["result"], last["why"]) == ("stopped", "for a deploy, after which it runs again")


def test_one_whose_turn_never_came_says_who_had_it(host, systemd, monkeypatch):
    monkeypatch.setenv("SERVICE_RESULT", "timeout")
    with host.slot.held("a full backup", "slipway-backup.service"):
        host.scheduled.end("digest")
    (text,) = texts(host)
    assert "its turn did not come: a full backup (slipway-backup.service" in text


def test_one_that_was_stopped_while_it_waited_is_noted_as_nothing(host, systemd, monkeypatch):
    monkeypatch.setenv("SERVICE_RESULT", "success")
    host.scheduled.end("digest")
    assert host.scheduled.listing()[0]["last"] is None


def test_the_list_tells_what_runs_what_waits_and_when_the_next_is(host, systemd):
    host.scheduled.begin("digest")
    systemd.units[UNIT] = {"ActiveState": "active", "MainPID": "7", "InvocationID": "a"}
    systemd.units["slipway-job-once.service"] = {"ActiveState": "activating", "MainPID": "0", "InvocationID": "b"}
    first, second = host.scheduled.listing()
    assert (first["state"], first["next"]) == ("running", "2027-01-15 08:00:00 UTC")
    assert second["state"] == "waiting"
    systemd.units[UNIT]["ActiveState"] = "deactivating"
    assert host.scheduled.listing()[0]["about"] == "the job digest ends"
    systemd.units[UNIT]["ActiveState"] = "active"
    assert second["about"].startswith("the job once waits for the job digest (slipway-job-digest.service, since ")


def test_a_timer_that_is_off_and_one_that_a_clock_has_left_behind_are_problems(host, systemd, monkeypatch):
    systemd.units[TIMER]["ActiveState"] = "inactive"
    assert texts(host) == [f"nothing starts the job digest: `sudo systemctl enable --now {TIMER}`"]
    systemd.units[TIMER] |= {"ActiveState": "active", "LastTriggerUSec": told(NEXT - 86400)}
    monkeypatch.setattr(host.scheduled.time, "time", lambda: NEXT - 10 * 86400)
    (text,) = texts(host)
    assert text.startswith("the clock was set back, and the job digest waits for 2027-01-15 08:00:00 UTC")
    monkeypatch.setattr(host.scheduled.time, "time", lambda: NEXT - 86400 - 59)
    assert texts(host) == [], "clocks are adjusted all the time"


def test_one_that_waits_for_hours_is_a_problem(host, systemd):
    waiting = {"ActiveState": "activating", "InvocationID": "b"}
    began = time.monotonic() - host.scheduled.LATE
    systemd.units[UNIT] = waiting | {"StateChangeTimestampMonotonic": str(int((began + 60) * 1e6))}
    assert texts(host) == []
    systemd.units[UNIT] = waiting | {"StateChangeTimestampMonotonic": str(int((began - 60) * 1e6))}
    assert "the job digest has waited 3 hours" in texts(host)[0]


def test_run_now_waits_for_the_end_and_fails_as_the_job_does(host, systemd, ended, monkeypatch):
    monkeypatch.setattr(host.cause, "of", lambda unit: ": KeyError: 'x'")

    def sleep(_):
        ended("exit-code", status="1")

    monkeypatch.setattr(host.scheduled.time, "sleep", sleep)
    with pytest.raises(host.paths.HostError, match=r"^the job digest failed: KeyError: 'x'; `make logs UNIT="):
        host.scheduled.run("digest")
    assert systemd.calls == [["systemctl", "start", "--no-block", UNIT]]


def test_a_job_that_does_not_exist_is_named_with_those_that_do(host, systemd):
    with pytest.raises(host.paths.HostError, match=r"nothing: no such job; `schedule` .* names: digest, once"):
        host.scheduled.run("nothing")


def test_the_playbook_s_restart_of_the_site_lets_a_job_end_first(host, systemd, monkeypatch):
    host.slot.make_way()
    assert systemd.calls == []
    host.scheduled.begin("digest")
    systemd.units[UNIT] = {"ActiveState": "active", "MainPID": "7"}
    clock = SimpleNamespace(now=0.0)

    def sleep(_):
        clock.now += 1
        if ["systemctl", "stop", "--no-block", UNIT] in systemd.calls:
            systemd.units[UNIT] = {"ActiveState": "inactive", "MainPID": "0"}

    monkeypatch.setattr(host.slot.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(host.slot.time, "sleep", sleep)
    host.slot.make_way()
    assert clock.now == 61


def test_one_that_is_due_again_as_it_ends_waits_for_a_deploy_and_not_the_deploy_for_it(
    host, systemd, ended, monkeypatch
):
    monkeypatch.setattr(host.slot.time, "sleep", lambda seconds: pytest.fail("the deploy waits for what waits for it"))
    ended("success")
    systemd.units[UNIT] = {"ActiveState": "activating", "SubState": "start-pre", "MainPID": "0"}
    monkeypatch.setattr(host.locks, "holder", lambda: "me@laptop since then")
    assert host.scheduled.begin("digest") == host.scheduled.NOT_YET
    with host.slot.held("the check of a release", "slipway-check.service"):
        pass


def test_the_end_of_a_job_that_had_no_turn_leaves_who_has_it_alone(host, systemd, monkeypatch):
    monkeypatch.setenv("SERVICE_RESULT", "signal")
    with host.slot.held("the check of a release", "slipway-check.service"):
        host.scheduled.end("digest")
        assert host.slot.SLOT.read_text().count("slipway-check.service") == 1
