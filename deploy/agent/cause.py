"""Why a unit ended or does not answer: from its own invocation's journal, never from an earlier one's.

https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#$INVOCATION_ID
"""

import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agent import processes
from agent.paths import settings

PROPERTIES = ("InvocationID", "Result", "MainPID", "ExecMainCode", "ExecMainStatus")
# ExecMainCode, as in sigaction(2).
EXITED, KILLED, DUMPED = "1", "2", "3"
# The bar before each line of an exception group, and the line between two of its members.
BAR = re.compile(r" *(?:\| ?|\+ (?=Exception Group))")
SEPARATOR = re.compile(r" *\+[-+]+(?: (?:\d+|\.\.\.) -+)?$")
HEADER = "Traceback (most recent call last):"
FRAME = re.compile(r'File "(.*?)", line (\d+)')
LOGGED = re.compile(r"\[[^]]+\] \[\d+\] \[([A-Z]+)\] ?")


@dataclass(slots=True)
class Raised:
    """An exception as Python prints it: its line, the frames' places, and of a group its members."""

    text: str = ""
    frames: list[tuple[str, str]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)

    def summary(self) -> str:
        return ": ".join(filter(None, (self.text, "; ".join(self.members))))


def of(unit: str) -> str:
    """``: `` and the reason, in one line; "" where there is nothing to say."""
    state = shown(unit, *PROPERTIES)
    lines = journal(state.get("InvocationID", ""))
    reason = _killed(state) or _worker_killed(lines) or _exception(lines)
    if not reason and state.get("MainPID", "0") == "0":
        reason = _last_line(lines) or f"exit status {state.get('ExecMainStatus', 'unknown')}, and no output"
    return reason and f": {reason}"


def killed(unit: str) -> str:
    """What killed ``unit``; "" where it ended by itself."""
    return _killed(shown(unit, *PROPERTIES))


def shown(unit: str, *properties: str) -> dict[str, str]:
    """Properties of a service that is still loaded, as systemd writes them."""
    line = ["systemctl", "show", *(f"--property={name}" for name in properties), f"{unit}.service"]
    return dict(each.split("=", 1) for each in processes.output(*line).splitlines() if "=" in each)


def journal(invocation: str) -> list[str]:
    """The lines that the processes of one invocation wrote."""
    if not invocation:
        return []
    # The last lines may not have reached the journal yet.
    processes.run(["journalctl", "--sync"])
    line = ["journalctl", "--quiet", "--output=cat", "--no-pager", f"_SYSTEMD_INVOCATION_ID={invocation}"]
    return processes.output(*line).splitlines()


def _killed(state: dict[str, str]) -> str:
    result, number = state.get("Result", ""), state.get("ExecMainStatus", "0")
    if result == "oom-kill":
        return f"killed: it needed more memory than the budget gives a release ({settings()['memory_max']})"
    if state.get("ExecMainCode") not in (KILLED, DUMPED):
        return ""
    if int(number) == signal.SIGKILL:
        return _by_sigkill("")
    try:
        name = signal.Signals(int(number)).name
    except ValueError:
        name = f"signal {number}"
    return f"ended by {name}"


def _by_sigkill(what: str) -> str:
    return f"{what}killed by SIGKILL, as the kernel does when memory runs out: a release has {settings()['memory_max']}"


def _worker_killed(lines: Iterable[str]) -> str:
    """Gunicorn's master process outlives a worker, and logs its end."""
    return _by_sigkill("a worker was ") if any("was sent SIGKILL!" in line for line in lines) else ""


def _exception(lines: Iterable[str]) -> str:
    """The last exception that was printed whole, with the last place of the release's own code."""
    all_of = list(exceptions(lines))
    if not all_of:
        return ""
    own = [place for each in all_of[-1:] + all_of[:-1] for place in reversed(each.frames) if _is_own(place[0])]
    where = f" at {own[0][0].partition('/releases/')[2].partition('/')[2]}:{own[0][1]}" if own else ""
    return all_of[-1].summary() + where


def _is_own(path: str) -> bool:
    return "/releases/" in path and "/venv" not in path


def exceptions(lines: Iterable[str]) -> Iterator[Raised]:
    """Each exception in what was printed; a group, with its members, is one."""
    current, reading = Raised(), False
    for line in lines:
        bar = BAR.match(line)
        text = line[bar.end() :] if bar else line
        if text.endswith(HEADER):
            # A member of a group has a traceback of its own.
            if not (bar and "|" in bar.group()):
                if current.text:
                    yield current
                current = Raised()
            reading = True
        elif SEPARATOR.match(line):
            reading = bool(current.text)
        elif reading and text.startswith(" "):
            current.frames += FRAME.findall(text)
        elif reading and text:
            reading = False
            if current.text:
                current.members.append(text.strip())
            else:
                current.text = text.strip()
    if current.text:
        yield current


def _last_line(lines: Iterable[str]) -> str:
    """The last line above INFO: SystemExit's message, or an error that Gunicorn caught."""
    for line in reversed(list(lines)):
        logged = LOGGED.match(line)
        if line.strip() and not (logged and logged[1] in ("DEBUG", "INFO")):
            text = line[logged.end() :] if logged else line.strip()
            # gunicorn.app.base prints a RuntimeError so, without its traceback.
            return re.sub(r"^Error: ", "RuntimeError: ", text)
    return ""
