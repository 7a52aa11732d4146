"""When an alarm begins and when it is over, by a clock of the test: `Host.look` is one minute's look."""

import itertools
import json
from types import SimpleNamespace

import pytest

MINUTE, DAY = 60, 86400
RECEIVERS = {"mail": {"kind": "mail"}, "webhook": {"kind": "json"}}


@pytest.fixture
def server(host, release, monkeypatch):
    """``problems`` is what is wrong; ``look(seconds)`` looks that much later, and returns what was sent."""
    release("1", current=True)
    server = SimpleNamespace(
        problems=[],
        drift=[],
        sign_ins=[],
        counted={},
        marked=[],
        kernel="",
        units={},
        holder="",
        clock=1000.0,
        wall=1.8e9,
    )
    server.boot, server.down, server.sent, server.asked = "boot-1", {}, [], 0
    host.paths.ALARM_SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    host.paths.ALARM_STATE.mkdir(parents=True)
    beat = {"kind": "heartbeat"}
    host.paths.ALARM_SETTINGS.write_text(
        json.dumps({"site": "www.example.com", "receivers": RECEIVERS, "heartbeat": beat})
    )

    def send(receiver, message):
        kind = {"mail": "mail", "json": "webhook", "heartbeat": "heartbeat"}[receiver["kind"]]
        if kind in server.down:
            return server.down[kind]
        server.sent.append((kind, message.get("event", "beat"), message.get("name", ""), message.get("lasted")))
        server.messages.append(message)
        return ""

    def shown(names, *properties):
        answer = {"ActiveState": "inactive", "ControlGroup": ""}
        of = {name: answer | server.units.get(name, {}) for name in names}
        return {name: {each: unit.get(each, "") for each in properties} for name, unit in of.items()}

    def slow():
        server.asked += 1
        return [host.problem.Problem("drift", f"differs: {name}") for name in server.drift[:1]]

    server.messages = []
    boot = host.paths.RUN / "boot_id"
    server.units["slipway-alarms.timer"] = {"ActiveState": "active"}
    monkeypatch.setattr(host.alarms, "BOOT", boot)
    monkeypatch.setattr(host.alarms.time, "clock_gettime", lambda _: server.clock)
    monkeypatch.setattr(host.alarms.time, "time", lambda: server.wall)
    monkeypatch.setattr(host.alarms, "shown", shown)
    monkeypatch.setattr(host.outbox, "shown", shown)
    monkeypatch.setattr(host.outbox, "send", send)
    monkeypatch.setattr(host.problems, "lasting", lambda: [host.problem.Problem(*each) for each in server.problems])
    monkeypatch.setattr(host.problems, "slow", slow)
    monkeypatch.setattr(host.alarms, "counted", lambda: server.counted)
    monkeypatch.setattr(host.kills, "marked", lambda seconds: server.marked)
    monkeypatch.setattr(host.processes, "output", lambda *line: server.kernel if "_TRANSPORT=kernel" in line else "")
    monkeypatch.setattr(host.locks, "holder", lambda: server.holder)
    monkeypatch.setattr(host.sign_ins, "problems", lambda: server.sign_ins)

    def look(seconds=MINUTE):
        server.clock += seconds
        server.wall += seconds
        boot.write_text(server.boot)
        before = len(server.sent)
        host.alarms.look()
        return [each for each in server.sent[before:] if each[0] != "heartbeat"]

    server.look = look
    look()
    return server


def both(event, name, lasted=None):
    return [("mail", event, name, lasted), ("webhook", event, name, lasted)]


DOWN = ("pages", "pages fail through nginx: / answers 500: `make logs`")


def test_one_message_when_it_begins_and_one_when_it_is_over(host, server):
    server.problems = [DOWN]
    assert server.look() == [], "it may be over in a minute"
    assert server.look() == both("begin", "pages")
    assert [server.look() for _ in range(30)] == [[]] * 30
    server.problems = []
    assert [server.look(), server.look()] == [[], []]
    assert server.look() == both("end", "pages", 32 * MINUTE)
    assert [server.look() for _ in range(5)] == [[]] * 5


def test_what_they_say(host, server):
    server.problems = [DOWN]
    server.look()
    server.look()
    server.problems = []
    for _ in range(3):
        server.look()
    begin, _, end, _ = (message for message in server.messages if "event" in message)
    assert begin["title"] == "[www.example.com] pages fail through nginx: / answers 500"
    assert begin["text"].startswith(DOWN[1]) and "`make status`" in begin["text"]
    assert end["title"] == "[www.example.com] over: pages fail through nginx: / answers 500"
    assert end["text"].startswith("Over after 2 minutes, since ")


def test_what_heals_itself_within_a_minute_is_not_told(host, server):
    for _ in range(10):
        server.problems = [DOWN]
        assert server.look() == []
        server.problems = []
        assert server.look() == []


def test_two_deploys_between_begin_nothing_and_end_nothing(host, server):
    server.problems = [DOWN]
    server.look()
    server.look()
    sent = []
    for _ in range(2):
        server.holder = "anna@laptop since 04:00"
        for wrong in ([], [("unit nginx.service", "nginx.service is not running")], [], []):
            server.problems = wrong
            sent += server.look()
        server.holder, server.problems = "", [DOWN]
        sent += server.look() + server.look()
    assert sent == []
    server.problems = []
    sent = server.look() + server.look() + server.look()
    assert sent == both("end", "pages", 14 * MINUTE)


def test_a_restart_of_the_site_is_a_deploy_too(host, server):
    for unit in ("slipway-restart.service", "slipway-overlap.service"):
        server.units[unit] = {"ActiveState": "activating"}
        server.problems = [DOWN]
        assert [server.look() for _ in range(3)] == [[]] * 3
        server.units.pop(unit)
        assert server.look() == [], "what was there meanwhile begins anew"
        server.problems = []
        server.look()


def test_before_the_first_release_nothing_is_told(host, server):
    host.paths.CURRENT.unlink()
    server.problems = [("certificate", "certificate.pem cannot be read: `make logs UNIT=certificate`")]
    assert [server.look() for _ in range(40)] == [[]] * 40
    host.paths.CURRENT.symlink_to("releases/1")
    assert [server.look(), server.look()] == [[], both("begin", "certificate")]


def test_a_lock_that_nobody_gives_back_hides_nothing_for_ever(host, server):
    server.holder, server.problems = "anna@laptop since 04:00", [DOWN]
    told = [server.look() for _ in range(34)]
    assert [each for each in told if each] == [both("begin", "pages")]
    assert not any(told[:29])


def test_a_clock_that_jumps_begins_and_ends_nothing_and_the_length_is_right(host, server):
    server.problems = [DOWN]
    server.look()
    server.wall -= 40 * DAY
    assert server.look() == both("begin", "pages")
    server.wall += 400 * DAY
    assert server.look() == []
    server.problems = []
    server.wall -= 3 * DAY
    assert [server.look(), server.look()] == [[], []]
    assert server.look() == both("end", "pages", 3 * MINUTE)


def test_a_reboot_keeps_what_is_open_and_counts_the_time_that_it_was_off(host, server):
    server.problems = [DOWN, ("reboot", "a reboot is due: `sudo reboot`")]
    server.look()
    server.look()
    server.boot, server.clock, server.problems = "boot-2", 20.0, [DOWN]
    server.wall += 3600
    assert server.look() == []
    server.problems = []
    assert [server.look(), server.look()] == [[], []]
    ((_, _, _, lasted), _) = server.look()
    assert lasted == MINUTE + (3600 + MINUTE) + MINUTE
    assert not any(message.get("name") == "reboot" for message in server.messages)


def test_what_was_not_looked_at_for_hours_begins_anew(host, server):
    server.problems = [DOWN]
    server.look()
    assert server.look(5 * 3600) == []
    assert server.look() == both("begin", "pages")


def test_one_that_comes_back_within_a_day_is_over_only_after_an_hour(host, server):
    def down(minutes):
        server.problems = [DOWN]
        told = [each for _ in range(minutes) for each in server.look()]
        server.problems = []
        return told

    assert down(3) == both("begin", "pages")
    assert [each for _ in range(5) for each in server.look()] == both("end", "pages", 3 * MINUTE)
    assert down(3) == both("begin", "pages")
    sent = []
    for _ in range(10):
        sent += [each for _ in range(30) for each in server.look()] + down(3)
    assert sent == [], "it comes and goes, and is one thing"
    assert [each[1] for _ in range(62) for each in server.look()] == ["end", "end"]


def test_a_reboot_is_told_when_it_is_due_for_a_week(host, server):
    server.problems = [("reboot", "a reboot is due: `sudo reboot`")]
    assert [each for _ in range(9) for each in server.look(9 * MINUTE)] == []
    state = host.outbox.read()
    assert state["seen"]["reboot"]["age"] == 8 * 9 * MINUTE
    state["seen"]["reboot"]["age"] = 7 * DAY - 2 * MINUTE
    host.outbox.write(state)
    assert [server.look(), server.look()] == [[], both("begin", "reboot")]


def test_a_job_that_runs_again_is_neither_over_nor_new(host, server):
    failed = ("unit slipway-job-digest.service", "slipway-job-digest.service has failed: `make logs UNIT=…`")
    server.problems = [failed]
    server.look()
    assert server.look() == both("begin", failed[0])
    server.units["slipway-job-digest.service"] = {"ActiveState": "activating"}
    server.problems = []
    assert [each for _ in range(20) for each in server.look()] == []
    server.problems = [failed]
    assert server.look() == []
    server.units["slipway-job-digest.service"] = {"ActiveState": "inactive"}
    server.problems = []
    assert [each[1] for _ in range(3) for each in server.look()] == ["end", "end"]


def test_memory_that_ran_out_is_told_at_once_and_over_a_while_later(host, server):
    server.counted = {"slipway.service": 2}
    assert server.look() == [], "those of before the first look are old"
    server.counted = {"slipway.service": 3}
    assert server.look() == both("begin", "memory slipway.service")
    told = [server.look() for _ in range(16 + 2)]
    assert [each for each in told if each] == [both("end", "memory slipway.service", 15 * MINUTE)]
    server.counted = {"slipway.service": 0}
    assert server.look() == [], "a restart sets the counter back"


OOM = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task_memcg=/system.slice/{},task=python,pid=8,uid=9\n"


@pytest.mark.parametrize("unit", ["slipway-worker-tasks.service", "slipway-job-digest.service", "nginx.service"])
def test_memory_that_ran_out_in_a_unit_that_restarts_always_is_in_the_kernels_journal_or_marked(unit, host, server):
    server.kernel = OOM.format(unit)
    assert server.look() == both("begin", f"memory {unit}")
    server.kernel, server.marked = "", [unit]
    assert server.look() == [], "the same kill, from systemd"
    server.marked = ["slipway-check.service"]
    assert server.look() == [], "a deploy's own"
    server.marked = []
    told = [each for _ in range(4) for each in server.look()]
    assert [each[1] for each in told] == ["end", "end"]
    server.marked = [f"of-systemd-alone-{unit}", "slipway-worker-b.service"]
    names = {each[2] for each in server.look()}
    assert names == {f"memory of-systemd-alone-{unit}", "memory slipway-worker-b.service"}


def test_the_mark_is_what_execstoppost_leaves(host, server, monkeypatch):
    monkeypatch.undo()
    host.kills.KILLED.mkdir(parents=True)
    (host.kills.KILLED / "slipway-worker-tasks.service").touch()
    assert host.kills.marked(900) == ["slipway-worker-tasks.service"]
    assert host.kills.marked(-1) == []


def test_drift_is_looked_for_each_hour_and_more_often_while_it_is_there(host, server):
    assert server.asked == 1
    server.drift = ["/etc/nftables.conf"]
    for _ in range(59):
        assert server.look() == []
    assert server.asked == 1
    told = [server.look() for _ in range(6)]
    assert [each for each in told if each] == [both("begin", "drift")]
    server.drift = []
    told = [server.look() for _ in range(9)]
    assert [[each[1] for each in many] for many in told if many] == [["end", "end"]]
    assert server.asked <= 5


def test_a_sign_in_attack_is_told_at_once(host, server):
    server.sign_ins = [host.problem.Problem("sign-in attack", "passwords are guessed, 200 in 10 minutes")]
    assert server.look() == both("begin", "sign-in attack")


def test_what_a_deploy_brings_itself_is_in_make_status_alone(host, server):
    server.problems = [("release", "no release serves yet: `make deploy`"), ("upgrade nginx.service", "still runs")]
    assert [server.look() for _ in range(5)] == [[]] * 5


def test_messages_wait_for_a_receiver_that_is_away_in_order_and_come_once(host, server):
    server.down["mail"] = "mail.example.com:587: Connection refused"
    server.problems = [DOWN]
    server.look()
    assert server.look() == [("webhook", "begin", "pages", None)]
    server.problems = []
    assert [each for _ in range(4) for each in server.look()] == [("webhook", "end", "pages", 2 * MINUTE)]
    assert any("2 messages wait: mail.example.com:587" in each.text for each in host.outbox.problems())
    server.down.clear()
    later = [each for _ in range(40) for each in server.look() if each[0] == "mail"]
    assert [each[:3] for each in later] == [("mail", "begin", "pages"), ("mail", "end", "pages")]
    assert list(host.outbox.problems()) == [] and host.outbox.summary()["waiting"] == 0


def test_a_receiver_that_is_away_is_told_to_the_other_one(host, server):
    server.down["mail"] = "it does not answer within 20 s"
    server.problems = [DOWN]
    told = [each for _ in range(20) for each in server.look()]
    assert told == [("webhook", "begin", "pages", None), ("webhook", "begin", "alarm mail", None)]
    server.down.clear()
    told = [each for _ in range(70) for each in server.look()]
    assert [each[:3] for each in told] == [("mail", "begin", "pages"), ("webhook", "end", "alarm mail")]


def test_one_that_is_away_is_asked_less_and_less_often(host, server, monkeypatch):
    tries = []
    monkeypatch.setattr(host.outbox, "send", lambda receiver, message: tries.append(server.clock) or "away")
    server.problems = [DOWN]
    for _ in range(180):
        server.look()
    gaps = [round(b - a) // 60 for a, b in itertools.pairwise(tries) if b != a]
    assert max(gaps) == 30 and len(tries) < 60


def test_the_heartbeat_is_silent_when_no_receiver_can_be_told(host, server):
    beats = lambda: sum(each[0] == "heartbeat" for each in server.sent)  # noqa: E731
    before = beats()
    for _ in range(20):
        server.look()
    assert beats() - before == 5
    server.down |= {"mail": "away", "webhook": "away"}
    server.problems = [DOWN]
    server.look()
    server.look()
    before = beats()
    for _ in range(20):
        server.look()
    assert beats() == before
    del server.down["webhook"]
    for _ in range(70):
        server.look()
    assert beats() > before


def test_a_disk_that_is_full_makes_nothing_be_told_twice(host, server, monkeypatch):
    real = host.outbox._replace

    def full(path, text):
        if path == host.outbox.STATE:
            raise OSError(28, "No space left on device")
        real(path, text)

    monkeypatch.setattr(host.outbox, "_replace", full)
    server.problems = [("disk /", "the disk of / is full to 99 % of its space: `sudo du -xh / | sort -h | tail`")]
    assert [each for _ in range(10) for each in server.look()] == both("begin", "disk /")
    monkeypatch.setattr(host.outbox, "_replace", real)
    server.problems = []
    assert [each[1] for _ in range(5) for each in server.look()] == ["end", "end"]
    assert not host.outbox.FALLBACK.exists()


def test_a_state_that_is_damaged_is_begun_anew(host, server):
    host.outbox.STATE.write_text("{")
    server.problems = [DOWN]
    server.look()
    assert server.look() == both("begin", "pages")


def test_a_receiver_that_site_yml_drops_keeps_nothing_waiting(host, server):
    server.down["mail"] = "away"
    server.problems = [DOWN]
    server.look()
    server.look()
    asked = json.loads(host.paths.ALARM_SETTINGS.read_text())
    del asked["receivers"]["mail"]
    host.paths.ALARM_SETTINGS.write_text(json.dumps(asked))
    server.look()
    assert host.outbox.summary() == {
        "receivers": {"webhook": ""},
        "heartbeat": True,
        "open": [DOWN[1]],
        "waiting": 0,
    }


def test_where_nobody_is_told_nothing_is_looked_at(host, server):
    host.paths.ALARM_SETTINGS.unlink()
    asked = server.asked
    assert server.look(5 * 3600) == [] and server.asked == asked
    assert host.outbox.summary() == {} and list(host.outbox.problems()) == []
    with pytest.raises(host.paths.HostError, match="nobody is told"):
        host.alarms.attempt()


def test_make_alarm_tries_each_and_says_what_happened(host, server):
    server.down["webhook"] = "hooks.example.com:443 answers 404 Not Found"
    assert host.alarms.attempt() == {"mail": "", "webhook": server.down["webhook"], "heartbeat": ""}
    assert [each[:2] for each in server.sent[-2:]] == [("mail", "test"), ("heartbeat", "test")]


def test_a_timer_that_is_off_is_a_problem(host, server):
    server.units["slipway-alarms.timer"] = {"ActiveState": "inactive"}
    (problem,) = host.outbox.problems()
    assert problem.text.startswith("nobody is told of what is wrong, slipway-alarms.timer is off: ")


def test_no_other_user_can_read_the_state(host, server):
    assert host.outbox.STATE.stat().st_mode & 0o777 == 0o600


def test_a_check_that_fails_hides_nothing_of_the_others_and_ends_nothing(host, server, monkeypatch):
    server.problems = [DOWN]
    server.look()
    server.look()

    def broken():
        raise host.paths.HostError("the database is not backed up")

    server.problems, well = [], host.sign_ins.problems
    monkeypatch.setattr(host.sign_ins, "problems", broken)
    told = [each for _ in range(5) for each in server.look()]
    assert told == both("begin", "check sign_ins")
    monkeypatch.setattr(host.sign_ins, "problems", well)
    told = [each[1:3] for _ in range(4) for each in server.look() if each[0] == "mail"]
    assert sorted(told) == [("end", "check sign_ins"), ("end", "pages")]
