"""The interface of every kind of throwaway server: its folder, its ssh_config, its ports on the loopback."""

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
# Its ports, each forwarded from a free port of the loopback.
PORTS = (22, 80, 443)


class Machine(ABC):
    """One throwaway server of a Debian release. ``directory`` holds its disk and its key.

    From the machine, this computer's loopback is 10.0.2.2; ``address`` is its own.
    """

    kind: str
    # The text in the report's header, after the release.
    described: str
    # Whether swap, sysctl keys, boot and the kernel's memory are the machine's own: checks of them need that.
    own_kernel: bool
    address: str

    def __init__(self, release: str, directory: Path | None = None) -> None:
        self.release = release
        self.directory = (directory or STATE / f"{self.kind}-{release}").absolute()
        self.ssh_config = self.directory / "ssh_config"

    @property
    def ports(self) -> dict[int, int]:
        """The machine's ports, with those of the loopback, at its last boot."""
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
        """Makes the base image of this release, unless it exists; returns its name."""

    @abstractmethod
    def boot(self, processes: Processes, *, snapshot: str = "", user: str = "root") -> subprocess.Popen[bytes]:
        """Starts a fresh machine, or resumes ``snapshot``; returns when sshd answers.

        ``user`` sets the clock of a resumed machine, with sudo unless it is root.
        Raises SlipwayError when one is running already, a tool is missing or the machine does not come up.
        """

    @abstractmethod
    def running(self) -> bool:
        """Whether it runs, whichever process started it."""

    @abstractmethod
    def save(self, snapshot: str) -> None:
        """Saves the machine, so that `boot(snapshot=…)` continues from here. It goes on running."""

    @abstractmethod
    def stop(self) -> None:
        """Shuts the machine down as its power button would; does nothing when it is not running."""

    @abstractmethod
    def destroy(self) -> None:
        """Ends it without warning, as a fire does: its processes are killed and its disk is deleted."""

    @abstractmethod
    def another(self, directory: Path, release: str = "") -> "Machine":
        """One more of this kind in ``directory``, not booted, of its own release or of another. Containers reach each
        other by address; emulated machines only by this computer's loopback."""

    @abstractmethod
    def saved(self, snapshot: str) -> bool:
        """Whether `boot(snapshot=…)` finds this state."""

    def oom_kills(self) -> int | None:
        """How many of its processes were killed for memory; None where its own kernel counts them."""
        return None

    def run(self, command: str, user: str = "root", stdin: str = "") -> str:
        """What a shell command prints in the machine. Raises SlipwayError with its last line when it fails."""
        return ssh.run(self.ssh_config, command, user, stdin=stdin).stdout

    def _reset(self) -> None:
        """Makes an empty folder with a new key."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        ssh.make_key(self.directory)

    def _key(self) -> str:
        return (self.directory / "id_ed25519.pub").read_text().strip()

    def _write_access(self, ports: dict[int, int]) -> None:
        """Writes ports.json and ssh_config."""
        (self.directory / "ports.json").write_text(json.dumps(ports))
        ssh.write_config(self.directory, ports[22])
