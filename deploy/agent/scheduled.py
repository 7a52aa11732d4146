"""The jobs of `schedule` in site.yml: their turn in the slot, how each ended, when it runs next.

A job is a unit with a timer, which systemd alone holds (ansible/roles/jobs). This program runs for a moment before it
(`begin`) and after it (`end`). NAME.json has `last`, how it ended, and `running`, while it does.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent import cause, locks, processes, progress, releases, slot
from agent.paths import JOBS, LAYOUT, HostError, settings
from agent.problem import Problem
from agent.units import shown

PREFIX = LAYOUT["job_prefix"]
# What `begin` ends with while it is not the job's turn (EX_TEMPFAIL); its unit asks again.
NOT_YET = 75
DONE, FAILED, STOPPED = "done", "failed", "stopped"
# Its timer's last time may be so far ahead, s: the clock is adjusted all the time.
AHEAD = 60
# It may wait for its turn so long before anybody is told, s.
LATE = 3 * 3600
INTERVAL = 5
POLL = 0.5
STARTING = 10


def jobs() -> list[dict]:
    """As site.yml has them: `name`, `command`, `when`, `limit` (minutes), `resume`."""
    return settings().get("jobs", [])


def service(name: str) -> str:
    return f"{PREFIX}{name}.service"


def timer(name: str) -> str:
    return f"{PREFIX}{name}.timer"


def timers() -> list[str]:
    return [timer(each["name"]) for each in jobs()]


def begin(name: str) -> int:
    """0 when the job has the slot, for as long as its unit runs; else NOT_YET. It waits for the end of a deploy too."""
    stop = slot.AGAIN if _job(name)["resume"] else slot.END
    if locks.holder() or not slot.take(f"the job {name}", service(name), stop=stop):
        return NOT_YET
    known = _read(name)
    running = {"began": _now(), "release": releases.current(), "clock": time.monotonic(), "invocation": _invocation()}
    _write(name, known | {"running": running})
    return 0


def end(name: str) -> None:
    """Notes how it ended, from what systemd tells its unit's last command.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#$SERVICE_RESULT
    """
    slot.leave(service(name))
    known, job = _read(name), _job(name)
    running = known.pop("running", None) or {}
    result = os.environ.get("SERVICE_RESULT", "")
    if running.get("invocation") != _invocation():
        if result == "timeout":
            other = slot.holder()
            why = f"its turn did not come: {slot.describe(other) if other else locks.holder() or 'it waited too long'}"
            _write(name, known | {"last": {"began": _now(), "seconds": 0, "result": FAILED, "why": why}})
        return
    seconds = time.monotonic() - running["clock"]
    how, why = _outcome(name, job, result, seconds)
    last = {"began": running["began"], "release": running["release"], "seconds": round(seconds, 1)}
    _write(name, known | {"last": last | {"result": how, "why": why}})


def _outcome(name: str, job: dict, result: str, seconds: float) -> tuple[str, str]:
    by_signal = (os.environ.get("EXIT_CODE"), os.environ.get("EXIT_STATUS")) == ("killed", "TERM")
    if slot.starts_again(service(name)):
        return STOPPED, "for a deploy, after which it runs again"
    if result == "timeout" and seconds >= job["limit"] * 60:
        return FAILED, f"it had not ended after {job['limit']} minutes, its limit"
    if result == "timeout" or (result == "success" and by_signal):
        return STOPPED, "by a deploy, or by hand"
    if result == "success":
        return DONE, ""
    return FAILED, cause.of(service(name).removesuffix(".service")).removeprefix(": ")


def run(name: str) -> str:
    """Starts the job now and waits for its end; returns a line about it. Raises HostError when it fails."""
    job = _job(name)
    if not releases.current():
        raise HostError("no release serves yet; `make deploy` brings one")
    before = _read(name).get("last")
    processes.run(["systemctl", "start", "--no-block", service(name)])
    began, told = time.monotonic(), 0.0
    while (state := _states([job])[name])["state"] != "idle" or time.monotonic() - began < STARTING:
        last = _read(name).get("last")
        if state["state"] == "idle" and last != before:
            break
        passed = time.monotonic() - began
        if passed - told >= INTERVAL:
            told = passed
            progress.say(f"{state['about']}, {passed:.0f} s")
        time.sleep(POLL)
    last = _read(name).get("last")
    if not last or last == before:
        raise HostError(f"the job {name} did not run: `make logs UNIT={service(name)}` shows why")
    if last["result"] != DONE:
        raise HostError(f"the job {name} {last['result']}: {last['why']}; `make logs UNIT={service(name)}`")
    return f"the job {name} is done after {last['seconds']:.1f} s"


def listing() -> list[dict]:
    """Each job with `last` (None before its first run), `state` (idle, waiting, running), what that is `about`, and the
    `next` time."""
    known = jobs()
    times, states = _times(known), _states(known)
    return [
        {
            "name": job["name"],
            "when": job["when"],
            "last": _read(job["name"]).get("last"),
            "next": _shown(times[job["name"]]["next"]),
            **states[job["name"]],
        }
        for job in known
    ]


def problems() -> Iterator[Problem]:
    """What is wrong with jobs, each by the job's own name."""
    known = jobs()
    times, states = _times(known), _states(known)
    for job in known:
        name, on, state = f"job {job['name']}", times[job["name"]], states[job["name"]]
        last = _read(job["name"]).get("last") or {}
        if last.get("result") == FAILED:
            again = f"`make jobs RUN={job['name']}` runs it again"
            yield Problem(name, f"the {name} failed at {last['began']}: {last['why']}; {again}")
        if on["state"] != "active":
            unit = timer(job["name"])
            yield Problem(f"unit {unit}", f"nothing starts the {name}: `sudo systemctl enable --now {unit}`")
        elif (on["last"] or 0) > time.time() + AHEAD:
            line = f"the clock was set back, and the {name} waits for {_shown(on['next'])}"
            yield Problem(name, f"{line}: `sudo systemctl restart {timer(job['name'])}`")
        elif state["state"] == "waiting" and state["seconds"] > LATE:
            yield Problem(name, f"the {name} has waited {state['seconds'] / 3600:.0f} hours: {state['about']}")


def _states(known: list[dict]) -> dict[str, dict]:
    """By job `state`, `about` and, of one that waits, `seconds`."""
    names = [service(each["name"]) for each in known]
    found = shown(names, "ActiveState", "InvocationID", "StateChangeTimestampMonotonic") if names else {}
    return {each["name"]: _state(each["name"], found[service(each["name"])]) for each in known}


def _state(name: str, unit: dict[str, str]) -> dict:
    if unit["ActiveState"] in ("", "inactive", "failed"):
        return {"state": "idle", "about": f"the job {name} does not run"}
    if unit["ActiveState"] == "deactivating":
        return {"state": "running", "about": f"the job {name} ends"}
    running = _read(name).get("running") or {}
    if running.get("invocation") == unit["InvocationID"]:
        return {"state": "running", "about": f"the job {name} runs, since {running['began']}"}
    other, lock = slot.holder(), locks.holder()
    for_whom = f"the command of {lock}" if lock else slot.describe(other) if other else "its turn"
    seconds = time.monotonic() - int(unit["StateChangeTimestampMonotonic"] or 0) / 1e6
    return {"state": "waiting", "about": f"the job {name} waits for {for_whom}", "seconds": seconds}


def _times(known: list[dict]) -> dict[str, dict]:
    """By job its timer's `state`, and the seconds since 1970 at which that `last` elapsed and does `next`."""
    names = {each["name"]: timer(each["name"]) for each in known}
    selected = "--property=Id,ActiveState,LastTriggerUSec,NextElapseUSecRealtime"
    line = ["systemctl", "show", selected, *names.values()]
    # A timer's next time is always text, in the time zone of who asks.
    printed = processes.run(line, env=os.environ | {"TZ": "UTC", "LC_ALL": "C"}).stdout if names else ""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in printed.split("\n\n")]
    found = {block.get("Id"): block for block in blocks}
    return {name: _elapses(found.get(unit, {})) for name, unit in names.items()}


def _elapses(unit: dict[str, str]) -> dict:
    return {
        "state": unit.get("ActiveState", ""),
        "last": _moment(unit.get("LastTriggerUSec", "")),
        "next": _moment(unit.get("NextElapseUSecRealtime", "")),
    }


def _moment(text: str) -> float | None:
    """The seconds since 1970 of systemd's "Mon 2026-12-07 06:00:00 UTC"; None for what is none."""
    found = re.fullmatch(r"\w+ (\d+-\d+-\d+ \d+:\d+:\d+) UTC", text)
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() if found else None


def _job(name: str) -> dict:
    found = [each for each in jobs() if each["name"] == name]
    if not found:
        there = ", ".join(each["name"] for each in jobs()) or "none"
        raise HostError(f"{name}: no such job; `schedule` in site.yml names: {there}")
    return found[0]


def _file(name: str) -> Path:
    return JOBS / f"{name}.json"


def _read(name: str) -> dict:
    try:
        return json.loads(_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return {}


def _write(name: str, values: dict) -> None:
    partial = _file(name).with_suffix(".partial")
    partial.write_text(json.dumps(values) + "\n")
    partial.rename(_file(name))


def _invocation() -> str:
    return os.environ.get("INVOCATION_ID", "")


def _now() -> str:
    return _shown(time.time())


def _shown(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else ""
