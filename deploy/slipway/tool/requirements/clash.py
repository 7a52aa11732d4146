"""Finds the requirements that exclude each other, with their files: the fewest that uv cannot resolve together."""

import re
from collections.abc import Callable, Sequence
from subprocess import CompletedProcess

from slipway.tool.requirements import uv
from slipway.tool.requirements.files import Line, normal

# uv's exit status when the packages do not resolve; it has others for the index, the network or a file.
NO_SOLUTION = 1


class Unresolved(Exception):
    """``done``: uv's failed run for ``lines``; ``resolve`` runs it for some of them."""

    def __init__(
        self,
        done: CompletedProcess[str],
        lines: Sequence[Line],
        resolve: Callable[[Sequence[Line]], CompletedProcess[str]],
    ) -> None:
        super().__init__(done.stderr)
        self.done, self.lines, self.resolve = done, lines, resolve

    @property
    def newer_python(self) -> bool:
        """Whether a newer Python might help."""
        return uv.newer_python(self.done.stderr) is not None

    def explain(self) -> str:
        """The cause in one line. Each run of uv takes some tenths of a second: the index is in its cache."""
        if self.done.returncode != NO_SOLUTION:
            return _broken_line(self.done.stderr, self.lines) or uv.reason(self.done.stderr)
        options = [line for line in self.lines if line.option]
        lines = [line for line in self.lines if not line.option]
        core, output = fewest(lines, lambda some: self.resolve([*options, *some]))
        if not core:
            return uv.reason(self.done.stderr)
        if len(core) == 1:
            return f"{core[0]}: {uv.reason(output)}"
        *first, last = [str(line) for line in core]
        return f"{', '.join(first)} and {last} exclude each other{_because(core, output)}"


def fewest(lines: Sequence[Line], resolve: Callable[[Sequence[Line]], CompletedProcess[str]]) -> tuple[list[Line], str]:
    """The smallest set of lines that does not resolve, and uv's output for it; removes halves first, then less."""
    core, output = list(lines), ""
    size = max(len(core) // 2, 1)
    while True:
        for start in range(0, len(core), size):
            rest = core[:start] + core[start + size :]
            done = resolve(rest) if rest else None
            if done and done.returncode == NO_SOLUTION:
                core, output = rest, done.stderr
                break
        else:
            if size == 1:
                return core, output or resolve(core).stderr
            size = max(size // 2, 1)


def _because(core: Sequence[Line], output: str) -> str:
    """The requirement of one package on another, where their names differ."""
    names = {line.name for line in core}
    if len(names) == 1:
        return ""
    for every, some, wanted in re.findall(r"(?:all versions of (\S+) depend|(\S+) depends) on (\S+)", output):
        package = every or some
        if normal(re.split(r"[\[=<>!~{]", package)[0]) in names:
            return f": {package} needs {wanted.rstrip(',')}"
    return ""


def _broken_line(output: str, lines: Sequence[Line]) -> str:
    """The line that is no valid requirement, with uv's reason."""
    if not re.search(r"Couldn't parse requirement|Unsupported requirement|Unexpected", output):
        return ""
    cause = re.search(r"cause: (.+)", output)
    for line in lines:
        if re.search(rf"^\s+{re.escape(line.text)}\s*$", output, re.MULTILINE):
            return f"{line}: {cause[1] if cause else 'no requirement'}"
    return ""
