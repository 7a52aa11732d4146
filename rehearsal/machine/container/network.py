"""The network of container machines: a bridge in a network namespace, connected to the outside by slirp4netns.

The same addresses as QEMU's user network has: this computer's loopback is 10.0.2.2, its resolver 10.0.2.3. Nothing has
a name on this computer, so that any number can run side by side, and everything ends with its processes.
"""

import json
import socket
import subprocess
import time
from pathlib import Path

from rehearsal.machine.machine import PORTS
from rehearsal.processes import Processes, connect, free_port
from slipway.web.errors import SlipwayError

FIRST = 15  # 10.0.2.15, as QEMU's user network gives it
LAST = 99
PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
BRIDGE = "ip link set lo up && ip link add bridge type bridge && ip link set bridge up && exec sleep infinity"


class Network:
    """``machines`` on one network reach each other by address. Starts with the first machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None
        self._api = directory / "network.sock"
        self._given = FIRST - 1
        self._ports_made = 0

    def address(self) -> str:
        """An address that no other machine on this network has."""
        self._given += 1
        if self._given > LAST:
            raise SlipwayError(f"a network takes {LAST - FIRST + 1} machines")
        return f"10.0.2.{self._given}"

    def port(self) -> str:
        """A new name for the bridge's end of a machine's veth pair; the last one may still exist."""
        self._ports_made += 1
        return f"port{self._ports_made}"

    def start(self, processes: Processes) -> None:
        """Starts it, unless it runs."""
        if self.process:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        self._api.unlink(missing_ok=True)
        self.process = processes.start(
            "network", ["unshare", "--net", "sh", "-c", BRIDGE], env=PATH, cwd=self.directory
        )
        self._wait()
        slirp = ["slirp4netns", "--mtu=1500", f"--api-socket={self._api.name}", str(self.process.pid), "out"]
        processes.start("slirp4netns", slirp, env=PATH, cwd=self.directory, ready=[self._api])
        self._inside("ip", "link", "set", "out", "master", "bridge", "up")

    def _wait(self) -> None:
        """Waits until the namespace has its bridge."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                if not Path("/proc/self/ns/net").samefile(f"/proc/{self.process.pid}/ns/net"):
                    self._inside("ip", "link", "show", "bridge")
                    return
            except (OSError, SlipwayError):
                pass
            time.sleep(0.02)
        raise SlipwayError(f"the machines' network does not start (see {self.directory.parent})")

    def _inside(self, *command: str) -> None:
        into = ["nsenter", f"--target={self.process.pid}", "--net", *command]
        done = subprocess.run(into, env=PATH, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SlipwayError(f"the machines' network: `{' '.join(command)}` failed: {done.stderr.strip()}")

    def forward(self, address: str) -> dict[int, int]:
        """Forwards free ports of the loopback to a machine; returns the machine's ports with the loopback's."""
        ports = {}
        for own in PORTS:
            ports[own] = free_port()
            self._ask(
                "add_hostfwd",
                proto="tcp",
                host_addr="127.0.0.1",
                host_port=ports[own],
                guest_addr=address,
                guest_port=own,
            )
        return ports

    def _ask(self, command: str, **arguments: object) -> None:
        with connect(self._api) as api:
            api.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
            api.shutdown(socket.SHUT_WR)
            answer = api.makefile().read()
        if "error" in json.loads(answer or "{}"):
            raise SlipwayError(f"slirp4netns rejects {command}: {answer.strip()}")
