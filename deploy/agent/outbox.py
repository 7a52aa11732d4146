"""The messages that wait for a receiver, and what is known of each: they are kept until they are taken, in order.

``queue`` in the alarms' state has messages (see `senders`), each with ``to``, the receivers that do not have it yet.
``receivers`` has by name ``error`` (of the last try, "" when it was taken), ``since`` (UTC), ``tries`` and ``wait``
(seconds to the next one).
"""

import json
import os
import pwd
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path

from agent import locks
from agent.paths import ALARM_SETTINGS, ALARM_STATE, LAYOUT, RUN
from agent.problem import Problem
from agent.units import shown

TIMER = LAYOUT["alarm_timer"]
STATE = ALARM_STATE / "state.json"
# In place of it while the disk is full: without a memory each minute would tell everything again.
FALLBACK = RUN / "slipway-alarms.json"
# A receiver that hangs is given up after this, s.
LONGEST = 20
# From one try to the next, s: doubled each time.
FIRST, LAST = 60, 1800
# The oldest goes when more wait: who is away for weeks needs no more of them.
KEPT = 200


def settings() -> dict:
    """What the playbook wrote: ``site`` and ``receivers`` by name, ``heartbeat`` or null; {} where nobody is told."""
    try:
        return json.loads(ALARM_SETTINGS.read_text())
    except FileNotFoundError:
        return {}


def read() -> dict:
    """The alarms' state; {} before the first look."""
    for path in (FALLBACK, STATE):
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):
            continue
    return {}


def write(state: Mapping) -> None:
    text = json.dumps(state, indent=1) + "\n"
    try:
        _replace(STATE, text)
    except OSError:
        _replace(FALLBACK, text)
    else:
        FALLBACK.unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def put(state: MutableMapping, receivers: Mapping, message: Mapping, without: str = "") -> None:
    """Queues a message for all receivers but one: nobody is told by mail that no mail arrives."""
    to = [name for name in receivers if name != without]
    queue = state.setdefault("queue", [])
    queue.append({"id": secrets.token_hex(8), **message, "to": to})
    del queue[:-KEPT]


def deliver(state: MutableMapping, receivers: Mapping, passed: float, save: Callable[[], None]) -> None:
    """Sends what is due. ``passed``: seconds since the last call; ``save`` is called after each message."""
    known = state.setdefault("receivers", {})
    for name, receiver in receivers.items():
        data = known.setdefault(name, {"error": "", "since": "", "tries": 0, "wait": 0.0})
        data["wait"] = max(0.0, data["wait"] - passed)
        for message in state.get("queue", []):
            if name in message["to"] and not data["wait"]:
                _deliver(data, name, receiver, message)
                save()
    state["receivers"] = {name: known[name] for name in receivers}
    for message in state.get("queue", []):
        message["to"] = [name for name in message["to"] if name in receivers]
    state["queue"] = [message for message in state.get("queue", []) if message["to"]]
    save()


def _deliver(data: MutableMapping, name: str, receiver: Mapping, message: Mapping) -> None:
    error = send(receiver, {key: value for key, value in message.items() if key != "to"})
    if error:
        wait = min(LAST, FIRST * 2 ** data["tries"])
        data.update(error=error, since=data["since"] or locks.now(), tries=data["tries"] + 1, wait=float(wait))
    else:
        data.update(error="", since="", tries=0)
        message["to"].remove(name)


def send(receiver: Mapping, message: Mapping) -> str:
    """Why the receiver has not taken it; "" when it has."""
    line = [sys.executable, "-IS", LAYOUT["agent"], "alarms", "--send"]
    asked = json.dumps({"receiver": receiver, "message": message})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    try:
        done = subprocess.run(line, input=asked, **pipes, timeout=LONGEST, check=False, **_user())
    except subprocess.TimeoutExpired:
        return f"it does not answer within {LONGEST} s"
    except (OSError, KeyError) as error:
        return f"nothing can be sent: {error}; `make deploy PROVISION=1` sets it up anew"
    if done.returncode:
        return f"the sender ended with status {done.returncode}: {' '.join(done.stderr.split())[-200:]}"
    return done.stdout.strip()


def _user() -> dict:
    """Nobody who may read anything here, and with nothing of this process's environment."""
    name = LAYOUT["alarm_user"]
    group = pwd.getpwnam(name).pw_gid
    return {"user": name, "group": group, "extra_groups": [], "env": {"PATH": os.defpath}, "cwd": "/"}


def away(state: Mapping) -> dict[str, str]:
    """By name, the receivers that take nothing, with the reason."""
    return {name: data["error"] for name, data in state.get("receivers", {}).items() if data["error"]}


def problems() -> Iterator[Problem]:
    if not settings():
        return
    if shown([TIMER], "ActiveState")[TIMER]["ActiveState"] != "active":
        line = f"nobody is told of what is wrong, {TIMER} is off: `sudo systemctl enable --now {TIMER}`"
        yield Problem(f"unit {TIMER}", line)
    state = read()
    waiting = state.get("queue", [])
    for name, error in away(state).items():
        since, count = state["receivers"][name]["since"], sum(name in each["to"] for each in waiting)
        line = f"the alarms' {name} takes nothing since {since}, {count} messages wait: {error}; `make alarm` tries it"
        yield Problem(f"alarm {name}", line)
    error = state.get("heartbeat", {}).get("error")
    if error:
        yield Problem("alarm heartbeat", f"the heartbeat is not taken: {error}; `make alarm` tries it")


def summary() -> dict:
    """For `status`: ``receivers`` by name with the last error, ``open`` (what was told and is not over), ``waiting``
    (messages that no receiver, or not each, has taken); {} where nobody is told."""
    asked = settings()
    if not asked:
        return {}
    state = read()
    told = [each["text"] for each in state.get("seen", {}).values() if each["told"]]
    receivers = dict.fromkeys(asked["receivers"], "") | away(state)
    return {
        "receivers": receivers,
        "heartbeat": bool(asked["heartbeat"]),
        "open": told,
        "waiting": len(state.get("queue", [])),
    }
