"""`slipway alarms`: looks each minute what is wrong, and tells when something begins and when it is over.

The state, in a file: ``seen`` has by its name each problem that is there or was told: ``text``, ``began`` (UTC),
``age`` (seconds), ``gone`` (seconds since it was last seen, null while it is there), ``told``, and ``returns`` (it was
over less than a day ago). ``ended`` has the names of the last day's with the seconds since. Seconds are those that
passed on this machine, never a difference of two times of day: a clock that jumps begins and ends nothing.
"""

import re
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from agent import locks, outbox, problems, releases, sign_ins
from agent.kills import counted
from agent.paths import LAYOUT, HostError
from agent.problem import Problem, span
from agent.units import OVERLAP, RESTART, shown

DAY = 24 * 3600  # s
# A problem is told when it has lasted so long, s, by the first word of its name: two looks, unless it says otherwise.
# What was killed or guessed has happened already.
LASTS = {"memory": 0, "sign-in": 0, "drift": 300, "alarm": 900, "reboot": 7 * DAY}
MINUTE = 60
# Those are in `make status` alone: a deploy's own, or something that restarts by itself.
UNTOLD = ("release", "upgrade")
# It is over when it was not seen for so long, s; one that comes back within a day, after the second.
QUIET, QUIETER = 120, 3600
# A kill, or a unit's counter that rose, is there for so long, s.
KILLS = 900
# What takes long to find out is looked at so often, s, and when the machine has started; with drift, more often.
SLOW, DRIFTED = 3600, 300
# A deploy's own seconds begin and end nothing, up to so many of them.
DEPLOY = 1800
# A look after more than this, s, knows nothing of the time between: the machine was off, or asleep.
GAP = 600
HEARTBEAT = 240
BOOT = Path("/proc/sys/kernel/random/boot_id")
# Of these a unit is neither well nor failed yet.
BETWEEN = ("activating", "deactivating", "reloading")
# By the first word of a problem's name, the unit that it is about.
UNITS = {
    "unit": "{}",
    "job": f"{LAYOUT['job_prefix']}{{}}.service",
    "worker": f"{LAYOUT['worker_prefix']}{{}}.service",
}
# Where a problem's text begins to say what to do.
ADVICE = re.compile(r"[:;] `")


def main() -> int:
    look()
    return 0


def attempt() -> dict[str, str]:
    """Sends a test to each receiver and the heartbeat; by name, why it was not taken, "" when it was.

    Raises HostError where site.yml names nobody.
    """
    asked = outbox.settings()
    if not asked:
        raise HostError(
            "nobody is told here: `alarms` in site.yml, ALARM_WEBHOOK in `make secrets`, then `make deploy`"
        )
    text = "This is a test: alarms of this server arrive here."
    test = {"id": f"test-{time.time_ns():x}", "event": "test", "site": asked["site"], "name": "test"}
    test |= {"title": f"[{asked['site']}] test", "text": text, "began": locks.now(), "lasted": None}
    receivers = asked["receivers"] | ({"heartbeat": asked["heartbeat"]} if asked["heartbeat"] else {})
    return {name: outbox.send(receiver, test) for name, receiver in receivers.items()}


def look() -> None:
    """One look: finds, tells and sends."""
    asked, state = outbox.settings(), outbox.read()
    if not asked:
        return
    passed, step = _passed(state)
    # The first deploy of a bare server has no lock, and the playbook is still at work.
    if not releases.current() or _is_deploying(state, step):
        # What was there before it, and not told yet, begins anew after it.
        told = {name: entry for name, entry in state.get("seen", {}).items() if entry["told"]}
        state["seen"] = {name: entry | {"age": entry["age"] + passed} for name, entry in told.items()}
    else:
        judge(state, asked, _found(state, step), passed, step)
    outbox.write(state)
    outbox.deliver(state, asked["receivers"], passed, lambda: outbox.write(state))
    _heartbeat(state, asked, passed)
    outbox.write(state)


def _passed(state: MutableMapping) -> tuple[float, float]:
    """Seconds since the last look: those of the clock across a reboot, and those that somebody watched."""
    boot, now, wall = BOOT.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME), time.time()
    last = state.get("last", {"boot": boot, "at": now, "wall": wall})
    state["last"] = {"boot": boot, "at": now, "wall": wall}
    if last["boot"] == boot:
        passed = now - last["at"]
        return passed, passed if passed <= GAP else 0.0
    return max(0.0, wall - last["wall"]), 0.0


def _is_deploying(state: MutableMapping, step: float) -> bool:
    """Whether a command has the server's lock, or the site is being restarted."""
    restart = shown((RESTART, OVERLAP), "ActiveState").values()
    busy = locks.holder() or locks.is_busy() or any(unit["ActiveState"] in ("active", *BETWEEN) for unit in restart)
    state["deploying"] = state.get("deploying", 0.0) + step if busy else 0.0
    return bool(busy) and state["deploying"] < DEPLOY


def _found(state: MutableMapping, step: float) -> dict[str, Problem]:
    found = [*problems.lasting(), *_slow(state, step)]
    found += problems.tried(
        memory=lambda: problems.memory(KILLS, _killed(state, step)),
        sign_ins=sign_ins.problems,
        alarms=outbox.problems,
    )
    return {each.name: each for each in map(problems.printable, found) if each.name.split()[0] not in UNTOLD}


def _slow(state: MutableMapping, step: float) -> list[Problem]:
    boot = state["last"]["boot"]
    last = state.setdefault("slow", {"boot": "", "age": 0.0, "found": []})
    last["age"] += step
    often = DRIFTED if any(name == "drift" for name, _ in last["found"]) else SLOW
    if last["boot"] != boot or last["age"] >= often:
        last.update(boot=boot, age=0.0, found=[*problems.slow()])
    return [Problem(*each) for each in last["found"]]


def _killed(state: MutableMapping, step: float) -> dict[str, int]:
    """The units whose counter of kills rose a short while ago."""
    last, now = state.get("kills", {}), counted()
    state["kills"] = {}
    for unit, times in now.items():
        before = last.get(unit, {"times": times, "age": KILLS})
        rose = times > before["times"]
        state["kills"][unit] = {"times": times, "age": 0.0 if rose else min(KILLS, before["age"] + step)}
    return {unit: now[unit] for unit, each in state["kills"].items() if each["age"] < KILLS}


def judge(state: MutableMapping, asked: Mapping, found: Mapping[str, Problem], passed: float, step: float) -> None:
    """Queues a message for each problem that has begun, and for each that is over.

    ``found``: what is wrong now, by name. ``passed``: the seconds since the last look. ``step``: the same, and 0 when
    nobody looked meanwhile.
    """
    seen = state.setdefault("seen", {})
    ended = {name: since + passed for name, since in state.get("ended", {}).items() if since + passed < DAY}
    for name, problem in found.items():
        new = {"age": -step, "told": False, "began": locks.now(), "returns": name in ended}
        entry = seen.setdefault(name, new) | {"text": problem.text, "gone": None}
        # What was not told yet has to be there without a break.
        entry["age"] = entry["age"] + passed if entry["told"] else entry["age"] + step if step else 0.0
        if not entry["told"] and entry["age"] >= LASTS.get(name.split()[0], MINUTE):
            entry["told"] = True
            ended.pop(name, None)
            outbox.put(state, asked["receivers"], _message(asked, "begin", name, entry), _about(name))
        seen[name] = entry
    absent = [name for name in seen if name not in found]
    # What a check that failed would have found is not over.
    unsure = set(absent) if any(name.startswith(f"{problems.CHECK} ") for name in found) else _between(absent)
    for name in absent:
        entry = seen[name]
        entry["age"] += passed
        if not entry["told"]:
            del seen[name]
        elif name not in unsure:
            entry["gone"] = 0.0 if entry["gone"] is None else entry["gone"] + step
            if entry["gone"] >= (QUIETER if entry["returns"] else QUIET):
                entry["age"] -= entry["gone"]
                outbox.put(state, asked["receivers"], _message(asked, "end", name, entry), _about(name))
                ended[name] = 0.0
                del seen[name]
    state["ended"] = ended


def _between(names: list[str]) -> set[str]:
    """Those about a unit that is being started or stopped: a job that failed may fail again."""
    of = {name: UNITS[kind].format(rest) for name in names for kind, _, rest in [name.partition(" ")] if kind in UNITS}
    states = shown(of.values(), "ActiveState") if of else {}
    return {name for name, unit in of.items() if states[unit]["ActiveState"] in BETWEEN}


def _about(name: str) -> str:
    """The receiver that a problem is about; "" for another problem."""
    kind, _, rest = name.partition(" ")
    return rest if kind == "alarm" else ""


def _message(asked: Mapping, event: str, name: str, entry: Mapping) -> dict:
    headline = ADVICE.split(entry["text"], maxsplit=1)[0]
    if event == "begin":
        title = f"[{asked['site']}] {headline}"
        text = f"{entry['text']}\n\nSeen since {entry['began']}. `make status` shows how the server is now, and "
        text += "docs/alarms.md says more. One more message comes when this is over."
    else:
        title = f"[{asked['site']}] over: {headline}"
        text = f"Over after {span(entry['age'])}, since {entry['began']}: {headline}"
    whole = {"event": event, "site": asked["site"], "name": name, "title": title, "text": text}
    return whole | {"began": entry["began"], "lasted": round(entry["age"]) if event == "end" else None}


def _heartbeat(state: MutableMapping, asked: Mapping, passed: float) -> None:
    """Tells a watcher elsewhere that this server can tell: where no receiver takes anything it is silent."""
    last = state.setdefault("heartbeat", {"age": HEARTBEAT, "error": ""})
    last["age"] += passed
    receivers = asked["receivers"]
    if not asked["heartbeat"] or last["age"] < HEARTBEAT or (receivers and len(outbox.away(state)) == len(receivers)):
        return
    error = outbox.send(asked["heartbeat"], {})
    last.update(error=error, age=0.0 if not error else last["age"])
