"""Which requirements exclude each other, and in which files they stand: the fewest that uv cannot resolve together."""

import re
from collections.abc import Callable, Sequence
from subprocess import CompletedProcess

from slipway.tool.requirements import uv
from slipway.tool.requirements.files import Line, normal

# uv's exit status when the packages are at fault, and not the index, the network or a file.
NO_SOLUTION = 1


class Unresolved(Exception):
    """What ``done`` says of ``lines``; ``ask`` resolves some of them."""

    def __init__(
        self,
        done: CompletedProcess[str],
        lines: Sequence[Line],
        ask: Callable[[Sequence[Line]], CompletedProcess[str]],
    ) -> None:
        super().__init__(done.stderr)
        self.done, self.lines, self.ask = done, lines, ask

    @property
    def newer_python(self) -> bool:
        """Whether a newer Python might do."""
        return uv.newer_python(self.done.stderr) is not None

    def explain(self) -> str:
        """One line. Each question to uv takes some tenths of a second: the index's answers are in its cache."""
        if self.done.returncode != NO_SOLUTION:
            return _broken_line(self.done.stderr, self.lines) or uv.reason(self.done.stderr)
        options = [line for line in self.lines if line.option]
        core, said = fewest([line for line in self.lines if not line.option], lambda some: self.ask([*options, *some]))
        if not core:
            return uv.reason(self.done.stderr)
        if len(core) == 1:
            return f"{core[0]}: {uv.reason(said)}"
        *first, last = [str(line) for line in core]
        return f"{', '.join(first)} and {last} exclude each other{_because(core, said)}"


def fewest(lines: Sequence[Line], ask: Callable[[Sequence[Line]], CompletedProcess[str]]) -> tuple[list[Line], str]:
    """The lines of which none can go without the rest resolving, and what uv says of them; by halves, then smaller."""
    core, said = list(lines), ""
    size = max(len(core) // 2, 1)
    while True:
        for start in range(0, len(core), size):
            rest = core[:start] + core[start + size :]
            done = ask(rest) if rest else None
            if done and done.returncode == NO_SOLUTION:
                core, said = rest, done.stderr
                break
        else:
            if size == 1:
                return core, said or ask(core).stderr
            size = max(size // 2, 1)


def _because(core: Sequence[Line], said: str) -> str:
    """What one of them asks for, where their names differ."""
    names = {line.name for line in core}
    if len(names) == 1:
        return ""
    for every, some, wanted in re.findall(r"(?:all versions of (\S+) depend|(\S+) depends) on (\S+)", said):
        package = every or some
        if normal(re.split(r"[\[=<>!~{]", package)[0]) in names:
            return f": {package} needs {wanted.rstrip(',')}"
    return ""


def _broken_line(said: str, lines: Sequence[Line]) -> str:
    """The line that is no requirement, with uv's word for it."""
    if not re.search(r"Couldn't parse requirement|Unsupported requirement|Unexpected", said):
        return ""
    cause = re.search(r"cause: (.+)", said)
    for line in lines:
        if re.search(rf"^\s+{re.escape(line.text)}\s*$", said, re.MULTILINE):
            return f"{line}: {cause[1] if cause else 'no requirement'}"
    return ""
