"""What any kind of throwaway server has: a folder of its own, a way in, ports of the loopback that reach it."""

import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from rehearsal.machine import ssh
from rehearsal.machine.image import STATE
from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError

MEMORY_MB = 512
# Its ports that this computer reaches, each by a free one of the loopback.
PORTS = (22, 80, 443)


class Machine(ABC):
    """One throwaway server of a Debian release. ``directory`` holds its disk and its key.

    From the machine, this computer's loopback is 10.0.2.2; ``address`` is its own.
    """

    kind: str
    # What the report's header calls it, after the release and the memory.
    described: str
    # Whether swap, sysctl keys, boot and a kernel's memory are the machine's own: only then claims of them are shown.
    own_kernel: bool
    address: str

    def __init__(self, release: str, directory: Path | None = None) -> None:
        self.release = release
        self.directory = (directory or STATE / f"{self.kind}-{release}").absolute()
        self.ssh_config = self.directory / "ssh_config"

    @property
    def ports(self) -> dict[int, int]:
        """The machine's port to the loopback's, of the machine that was booted last."""
        return {int(own): port for own, port in json.loads((self.directory / "ports.json").read_text()).items()}

    @abstractmethod
    def require(self) -> None:
        """Raises SlipwayError, in one line, when this computer cannot run such a machine."""

    def check(self) -> None:
        """Raises SlipwayError when it cannot be booted: it runs already, or this computer cannot run it."""
        self.require()
        if self.running():
            stop = f"python -m rehearsal.machine --machine {self.kind} --directory {self.directory} stop"
            raise SlipwayError(f"the {self.release} {self.kind} machine is running; {stop}")

    @abstractmethod
    def prepare(self) -> str:
        """Makes what every machine of this release begins with, unless it is there; says what that is."""

    @abstractmethod
    def boot(self, processes: Processes, *, snapshot: str = "", user: str = "root") -> subprocess.Popen[bytes]:
        """Starts a fresh machine, or with ``snapshot`` goes on where that was saved; returns when sshd answers.

        ``user`` sets the clock of a resumed machine, with sudo unless it is root.
        Raises SlipwayError when one is running already, a tool is missing or the machine does not come up.
        """

    @abstractmethod
    def running(self) -> bool:
        """Whether it is there, whoever started it."""

    @abstractmethod
    def save(self, snapshot: str) -> None:
        """Keeps the machine as it is, so that `boot(snapshot=…)` goes on from here. It runs on afterwards."""

    @abstractmethod
    def stop(self) -> None:
        """Shuts the machine down as its power button would; nothing happens when it is not running."""

    def oom_kills(self) -> int | None:
        """How many of its processes were killed for memory; None where its own kernel counts them."""
        return None

    def run(self, command: str, user: str = "root", stdin: str = "") -> str:
        """What a shell command prints in the machine. Raises SlipwayError with its last line when it fails."""
        return ssh.run(self.ssh_config, command, user, stdin=stdin).stdout

    def _begin_anew(self) -> None:
        """An empty folder with a new key."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        ssh.make_key(self.directory)

    def _key(self) -> str:
        return (self.directory / "id_ed25519.pub").read_text().strip()

    def _lead(self, ports: dict[int, int]) -> None:
        """Keeps which ports reach it, and how ssh goes there."""
        (self.directory / "ports.json").write_text(json.dumps(ports))
        ssh.write_config(self.directory, ports[22])
