"""A command of the agent that runs while a move goes on, and answers lines with lines."""

import contextlib
import subprocess
import threading

from slipway.tool.server.connection import PROGRESS, Connection, last
from slipway.web.errors import SlipwayError

PREFIX = PROGRESS.decode()


class Session:
    """It ends with its stdin. What it says of its progress is printed as it comes."""

    def __init__(self, connection: Connection, *words: str) -> None:
        line = f"SLIPWAY_LOCK={connection.token} slipway {' '.join(words)}"
        self._command = connection.command(line, alone=True)

    def start(self) -> str:
        """Its first line. Raises SlipwayError with its last error when it ends before."""
        pipe = subprocess.PIPE
        # Ctrl-C reaches this process alone, which ends the session in order.
        self._process = subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
        self._error = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self._answer()

    def ask(self, line: str) -> str:
        """Its answer. Raises SlipwayError as `start` does."""
        # One that has ended says why.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        return self._answer()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def end(self) -> str:
        """Waits for its end; what it said last."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        return last(self._error.encode()).removeprefix("slipway: ")

    def _answer(self) -> str:
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise SlipwayError(self.end())
        return answer

    def _read(self) -> None:
        for line in self._process.stderr:
            if line.startswith(PREFIX):
                print(f"    {line.removeprefix(PREFIX).rstrip()}", flush=True)
            else:
                self._error += line
