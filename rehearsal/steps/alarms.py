"""Alarms: what is told of each thing that goes wrong, and of its end, with two deploys between."""

import email
import email.policy
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable

from rehearsal import sinks
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import LOOPBACK, USER
from rehearsal.steps.alarm_faults import BESIDE, DRIFT, PAGES
from slipway.tool.secrets import Secrets
from slipway.tool.server.layout import LAYOUT

# A look each minute, five before drift is told, and three before something is over: passwords after ten more.
BEGINS, ENDS = 480, 900
OFF = {"ALARM_WEBHOOK": None, "ALARM_HEARTBEAT": None}
ONCE = ("begin", "end")
# What takes long to find out is looked at each hour, and a reboot is told when it has been due for a week: here the
# alarms' own state says that it is time.
STATE = f"{LAYOUT.alarm_state}/state.json"
WEEK = 7 * 24 * 3600  # s
HURRY = f"""
import json
state = json.load(open("{STATE}"))
state["slow"]["boot"] = ""
if "reboot" in state["seen"]:
    state["seen"]["reboot"]["age"] += {WEEK}
text = json.dumps(state)
open("{STATE}", "w").write(text)
"""
BETWEEN_LOOKS = (
    f"systemctl stop {LAYOUT.alarm_timer}; while systemctl is-active --quiet {LAYOUT.alarm_unit}; do sleep 0.2; done; "
    f"python3 -; systemctl start {LAYOUT.alarm_timer}"
)


def tell(run: Run, phase: Phase) -> None:
    beside, names = {each.name for each in (*BESIDE, DRIFT)}, {each.name for each in (*BESIDE, DRIFT, PAGES)}
    with sinks.http_sink() as http, sinks.smtp_sink() as smtp:
        _name(run, http.port, smtp.port)
        run.command("deploy", phase, "deploy", "--no-smoke")
        tried = run.command("alarm", phase, "alarm")
        run.log.check("make alarm reaches a webhook, a mailbox and the heartbeat", tried.count("  taken") == 3, tried)
        for fault in (*BESIDE, DRIFT):
            fault.cause(run)
        _hurry(run)
        _wait(lambda: "reboot" in json.loads(run.host.run(f"cat {STATE}"))["seen"], 180)
        _hurry(run)
        began = _wait(lambda: beside <= _told(http, "begin"), BEGINS)
        for _ in range(2):
            run.command("deploy", phase, "deploy", "--no-smoke")
        missing = sorted(beside - _told(http, "begin"))
        run.log.check("Each is told", not missing, f"not {', '.join(missing)}" if missing else f"after {began} s")
        for fault in BESIDE:
            run.host.run(fault.repair)
        PAGES.cause(run)
        paged = _wait(lambda: PAGES.name in _told(http, "begin"), BEGINS)
        run.host.run(PAGES.repair)
        _hurry(run)
        ended = _wait(lambda: names <= _told(http, "end"), ENDS)
        _wait(lambda: _mailed(smtp) == _ids(http), 60)
        _check(run, http, smtp, names, f"pages that fail after {paged} s, all was over after {ended} s more")
    run.site.describe()
    Secrets.put(run.site.site, "alarms", OFF)
    Secrets.put(run.site.site, "web", {"EMAIL_URL": None})
    run.command("deploy", phase, "deploy", "--no-smoke")
    gone = run.host.run("ls /etc/systemd/system/slipway-alarms* /etc/slipway/alarms.json 2>&1; true")
    run.log.check("Without alarms in site.yml nothing of them stays", gone.count("No such file") == 2, gone)


def _check(run: Run, http, smtp, names: set[str], times: str) -> None:
    told = Counter(_events(http))
    wrong = [
        f"{event} {name}: {told[name, event]}" for name in sorted(names) for event in ONCE if told[name, event] != 1
    ]
    run.log.check(
        "Each begins once and ends once by webhook, with two deploys between",
        not wrong,
        ", ".join(wrong) or f"{', '.join(sorted(names))}; {times}",
    )
    mails, ids = _mailed(smtp), _ids(http)
    run.log.check("The same arrives by mail, once", mails == ids, f"{len(mails)} mails, {len(ids)} by webhook")
    others = sorted(f"{event} {name}" for name, event in told if name not in names)
    run.log.check("Nothing else is told meanwhile", not others, ", ".join(others) or "nothing")
    beats = sum(path == "/beat" for _, path, _, _ in http.taken)
    run.log.check("A heartbeat comes each few minutes", beats > 2, f"{beats} with that of make alarm")


def _name(run: Run, http: int, smtp: int) -> None:
    """site.yml and the secrets name the sinks of this computer."""
    run.site.describe(alarms={"mail": USER})
    url = f"http://{LOOPBACK}:{http}"
    Secrets.put(run.site.site, "alarms", {"ALARM_WEBHOOK": f"{url}/alarm", "ALARM_HEARTBEAT": f"{url}/beat"})
    Secrets.put(run.site.site, "web", {"EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}"})


def _hurry(run: Run) -> None:
    run.host.run(BETWEEN_LOOKS, HURRY)


def _messages(http) -> list[dict]:
    sent = [json.loads(body) for _, path, _, body in list(http.taken) if path == "/alarm"]
    return [each for each in sent if each["event"] in ONCE]


def _events(http) -> list[tuple[str, str]]:
    return [(each["name"], each["event"]) for each in _messages(http)]


def _told(http, event: str) -> set[str]:
    return {name for name, each in _events(http) if each == event}


def _ids(http) -> list[str]:
    return sorted(each["id"] for each in _messages(http))


def _mailed(smtp) -> list[str]:
    """The ids of the mails, without the test's."""
    mails: Iterable = (email.message_from_string(text, policy=email.policy.default) for text in list(smtp.taken))
    ids = (each["Message-ID"].strip("<>").partition("@")[0] for each in mails)
    return sorted(each for each in ids if not each.startswith("test-"))


def _wait(done: Callable[[], bool], seconds: float) -> int | None:
    """How long it took, None when it took longer."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if done():
            return round(time.monotonic() - began)
        time.sleep(1)
    return None
