"""Alarms: what is told of a unit that fails, and of its end, with two deploys between."""

import email
import email.policy
import json
import time
from collections.abc import Callable

from rehearsal import sinks
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import LOOPBACK, USER
from slipway.tool.secrets import Secrets

UNIT = "rehearsed-failure.service"
NAME = f"unit {UNIT}"
BREAK = f"systemd-run --quiet --unit={UNIT} false"
# A look each minute, two before something is told and three before it is over.
BEGINS, ENDS = 240, 300
OFF = {"ALARM_WEBHOOK": None, "ALARM_HEARTBEAT": None}


def tell(run: Run, phase: Phase) -> None:
    with sinks.http_sink() as http, sinks.smtp_sink() as smtp:
        _name(run, http.port, smtp.port)
        run.command("deploy", phase, "deploy", "--no-smoke")
        tried = run.command("alarm", phase, "alarm")
        run.log.check("make alarm reaches a webhook, a mailbox and the heartbeat", tried.count("  taken") == 3, tried)
        run.host.run(BREAK)
        began = _wait(lambda: _told(http, smtp) == _both("begin"), BEGINS)
        for _ in range(2):
            run.command("deploy", phase, "deploy", "--no-smoke")
        between = _told(http, smtp)
        run.host.run(f"systemctl reset-failed {UNIT}")
        ended = _wait(lambda: "end" in "".join(_told(http, smtp)), ENDS)
        _wait(lambda: _is_once(_told(http, smtp)), 60)
        run.log.check(
            "A failed unit is told once, and its end once, by mail and by webhook, with two deploys between",
            began is not None and ended is not None and between == _both("begin") and _is_once(_told(http, smtp)),
            f"begin after {began} s, end after {ended} s: {', '.join(_told(http, smtp))}",
        )
        beats = sum(path == "/beat" for _, path, _, _ in http.taken)
        run.log.check("A heartbeat comes each few minutes", beats > 2, f"{beats} with that of make alarm")
        run.log.check("Nothing else is told meanwhile", _others(http) == [], ", ".join(_others(http)) or "nothing")
    run.site.describe()
    Secrets.put(run.site.site, "alarms", OFF)
    Secrets.put(run.site.site, "web", {"EMAIL_URL": None})
    run.command("deploy", phase, "deploy", "--no-smoke")
    gone = run.host.run("ls /etc/systemd/system/slipway-alarms* /etc/slipway/alarms.json 2>&1; true")
    run.log.check("Without alarms in site.yml nothing of them stays", gone.count("No such file") == 2, gone)


def _name(run: Run, http: int, smtp: int) -> None:
    """site.yml and the secrets name the sinks of this computer."""
    run.site.describe(alarms={"mail": USER})
    url = f"http://{LOOPBACK}:{http}"
    Secrets.put(run.site.site, "alarms", {"ALARM_WEBHOOK": f"{url}/alarm", "ALARM_HEARTBEAT": f"{url}/beat"})
    Secrets.put(run.site.site, "web", {"EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}"})


def _messages(http) -> list[dict]:
    return [json.loads(body) for _, path, _, body in list(http.taken) if path == "/alarm"]


def _told(http, smtp) -> list[str]:
    """What came about the unit, sorted: "json begin", "mail end"."""
    by_hook = [f"json {each['event']}" for each in _messages(http) if each["name"] == NAME]
    subjects = [email.message_from_string(text, policy=email.policy.default)["Subject"] for text in list(smtp.taken)]
    by_mail = [f"mail {'end' if '] over: ' in each else 'begin'}" for each in subjects if UNIT in each]
    return sorted(by_hook + by_mail, key=lambda each: (each.endswith("end"), each))


def _both(event: str) -> list[str]:
    return [f"json {event}", f"mail {event}"]


def _is_once(told: list[str]) -> bool:
    return told == [*_both("begin"), *_both("end")]


def _others(http) -> list[str]:
    return [f"{each['event']} {each['name']}" for each in _messages(http) if each["name"] not in (NAME, "test")]


def _wait(done: Callable[[], bool], seconds: float) -> int | None:
    """How long it took, None when it took longer."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if done():
            return round(time.monotonic() - began)
        time.sleep(1)
    return None
