"""Controls a running QEMU with its machine protocol (QMP).

https://www.qemu.org/docs/master/interop/qmp-spec.html
"""

import json
import os
import select
import signal
import socket
import struct
from pathlib import Path
from types import TracebackType

from slipway.web.errors import SlipwayError


class Monitor:
    """A connection to the QEMU that listens on ``path``; raises OSError when none does."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        # The process that listens is the machine: a PID file could name another one.
        credentials = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self._process = os.pidfd_open(struct.unpack("3i", credentials)[0])
        self._lines = self._socket.makefile("r")
        self._lines.readline()
        self.execute("qmp_capabilities")

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._socket.close()
        os.close(self._process)

    def execute(self, command: str, **arguments: str) -> object:
        """What ``command`` returns. Raises SlipwayError with QEMU's own message when it is rejected."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        for line in self._lines:
            answer = json.loads(line)
            if "error" in answer:
                raise SlipwayError(f"the machine rejects {command}: {answer['error']['desc']}")
            if "return" in answer:  # anything else is an event
                return answer["return"]
        raise SlipwayError(f"the machine ended during {command}")

    def save(self, snapshot: str) -> None:
        """Saves memory and disk as ``snapshot`` in the disk's file."""
        output = self.execute("human-monitor-command", **{"command-line": f"savevm {snapshot}"})
        if output:
            raise SlipwayError(f"the machine cannot be saved as {snapshot}: {str(output).strip()}")

    def kill(self, patience: float) -> None:
        """Ends the machine as a power failure does."""
        signal.pidfd_send_signal(self._process, signal.SIGKILL)
        self._ended(patience)

    def power_off(self, patience: float) -> None:
        """Presses the power button; kills the machine when it still runs ``patience`` seconds later."""
        self.execute("system_powerdown")
        if not self._ended(patience):
            signal.pidfd_send_signal(self._process, signal.SIGTERM)
            self._ended(patience)

    def _ended(self, seconds: float) -> bool:
        return bool(select.select([self._process], [], [], seconds)[0])
