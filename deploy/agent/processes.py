"""Runs the host's commands to their end, whatever they print: any bytes, and any number of them."""

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

# Of each output: a site may print any amount, and this process has no memory in the budget for it.
KEPT = 1 << 20  # bytes
BLOCK = 1 << 16


def run(line: Sequence[str], cwd: Path | str | None = None, env: dict[str, str] | None = None):
    """The finished command, as a CompletedProcess of str; of each output its last ``KEPT`` bytes."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    printed: list[str] = ["", ""]

    def read(number: int, pipe: IO[bytes]) -> None:
        printed[number] = _tail(pipe)

    with subprocess.Popen(line, cwd=cwd, env=env, **pipes) as process:
        # Threads of their own: an executor's module takes longer to load than most commands to run.
        readers = [threading.Thread(target=read, args=each) for each in enumerate((process.stdout, process.stderr))]
        for reader in readers:
            reader.start()
        status = process.wait()
        for reader in readers:
            reader.join()
    return subprocess.CompletedProcess(line, status, *printed)


def output(*line: str) -> str:
    return run(line).stdout


def _tail(pipe: IO[bytes]) -> str:
    kept = bytearray()
    while block := pipe.read1(BLOCK):
        kept += block
        del kept[:-KEPT]
    return kept.decode("utf-8", "replace")


def printable(text: str) -> str:
    """``text`` for a person's terminal, in one line: control characters are escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
