"""A Debian in systemd-nspawn: 512 MB, one CPU, native speed, and this computer's own kernel."""

import contextlib
import hashlib
import os
import select
import signal
import subprocess
from pathlib import Path

from rehearsal.machine import needs, ssh
from rehearsal.machine.container import groups, image
from rehearsal.machine.container.network import PATH, Network
from rehearsal.machine.machine import MEMORY_MB, Machine
from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError

HERE = Path(__file__).resolve().parent
BASE_ROLE = HERE.parents[2] / "ansible" / "roles" / "base" / "defaults" / "main.yml"
# A busy computer is slow; a machine that hangs is still noticed.
BOOT_SECONDS = 180
STOP_SECONDS = 30
# The signal that systemd takes as the power button.
POWER_BUTTON = signal.SIGRTMIN + 4


class Container(Machine):
    """``network`` is shared with other machines; without one the machine has its own."""

    kind = "container"
    described = f"{MEMORY_MB} MB, one CPU, in a container on this computer's kernel"
    own_kernel = False

    def __init__(self, release: str, directory: Path | None = None, network: Network | None = None) -> None:
        super().__init__(release, directory)
        self.network = network or Network(self.directory.with_name(f"{self.directory.name}-network"))
        self.address = self.network.address()
        self._number = int(self.address.rpartition(".")[2])
        self._disk = self.directory / "disk.raw"
        self.name = hashlib.sha256(str(self.directory.resolve()).encode()).hexdigest()[:12]
        # Set while this object runs the machine.
        self._process: subprocess.Popen[bytes] | None = None
        self._group: groups.Group | None = None
        self._forwarded: dict[int, int] = {}

    def require(self) -> None:
        needs.require_container()

    def prepare(self) -> str:
        self.require()
        return image.ensure(self.release).parent.name

    def boot(self, processes: Processes, *, snapshot: str = "", user: str = "root") -> subprocess.Popen[bytes]:
        """As in Machine; the clock is this computer's."""
        self.check()
        groups.sweep()
        if snapshot:
            self._restore(snapshot)
        else:
            self._reset()
            _copy(image.ensure(self.release), self._disk)
        self.network.start(processes)
        self._forwarded = self._forwarded or self.network.forward(self.address)
        self._write_access(self._forwarded)
        self._processes = processes
        process = self._start()
        if snapshot:
            self._wait_for_boot()
        return process

    def _restore(self, snapshot: str) -> None:
        kept = self.directory / f"{snapshot}.raw"
        if not self.saved(snapshot):
            raise SlipwayError(f"the {self.release} container machine was never saved as {snapshot}; boot it afresh")
        _copy(kept, self._disk)

    def _start(self) -> subprocess.Popen[bytes]:
        self._group = groups.Group(self.name, os.getpid())
        self._group.make()
        mac = f"52:54:00:00:02:{self._number:02x}"
        command = ["unshare", "--net", "sh", HERE / "cable.sh", self.network.port(), self.network.process.pid, mac]
        command += ["sh", HERE / "boot.sh", self.directory, *self._group.folders, "--", *self._nspawn()]
        env = PATH | {
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": str(int(groups.unified())),
            # /proc/sys/net is the machine's own, and writable.
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        }
        name = f"machine-{self.directory.name}"
        # SIGKILL will do when this process is gone.
        process = self._process = self._processes.start(
            name, command, env=env, cwd=self.directory, orphaned=signal.SIGKILL
        )
        ssh.wait(self.ports[22], lambda: process.poll() is None, BOOT_SECONDS)
        return process

    def _nspawn(self) -> list[str | Path]:
        return [
            "systemd-nspawn",
            "--quiet",
            "--keep-unit",
            "--register=no",
            "--directory=root",
            "--machine=slipway",
            "--network-namespace-path=/proc/self/ns/net",
            "--capability=CAP_NET_ADMIN",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--console=pipe",
            f"--set-credential=ssh.authorized_keys.root:{self._key()}",
            f"--bind={self.directory}/lxcfs:/run/machine/lxcfs",
            f"--bind-ro={HERE / 'init.sh'}:/run/machine/init.sh",
            "/bin/sh",
            "/run/machine/init.sh",
            f"slipway-{self._number}",
            self.address,
            *_kernel_keys(),
        ]

    def running(self) -> bool:
        return groups.of(self.name) is not None

    def oom_kills(self) -> int:
        """From this computer's kernel log: its counter covers all machines, and a group's counter ends with the
        group."""
        messages = subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout
        return sum("oom-kill:" in line and f"/{self._group.name}/" in line for line in messages.splitlines())

    def enter(self, command: list[str]) -> list[str]:
        """The command line with which root of this computer runs ``command`` in it, without sshd and firewall."""
        group = groups.of(self.name)
        if not group:
            raise SlipwayError(f"no {self.release} container machine is running")
        into = ["nsenter", f"--target={group.leader()}", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        return [
            *into,
            "--root",
            "--wd=/",
            "env",
            "--ignore-environment",
            f"PATH={PATH['PATH']}",
            "LC_ALL=C.UTF-8",
            *command,
        ]

    def save(self, snapshot: str) -> None:
        """Saves the disk alone: the machine is shut down for that, and boots again."""
        self._end(POWER_BUTTON)
        _copy(self._disk, self.directory / f"{snapshot}.raw")
        self._start()
        self._wait_for_boot()

    def saved(self, snapshot: str) -> bool:
        return (self.directory / f"{snapshot}.raw").exists()

    def _wait_for_boot(self) -> None:
        """Waits until the boot has finished: the site served when it was saved, and sshd starts before it."""
        command = self.enter(["systemctl", "is-system-running", "--wait"])
        # A unit that fails, or hangs, is for the rehearsal's checks.
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_SECONDS, check=False)

    def stop(self) -> None:
        """Kills it: its state was saved if needed."""
        self._end(signal.SIGKILL)

    def destroy(self) -> None:
        self.stop()
        self._disk.unlink()

    def another(self, directory: Path, release: str = "") -> "Container":
        return Container(release or self.release, directory, self.network)

    def _end(self, how: signal.Signals) -> None:
        group = groups.of(self.name)
        try:
            leader = os.pidfd_open(group.leader()) if group else None
        except (SlipwayError, ProcessLookupError):
            leader = None  # it has not started, or has ended
        if leader is not None:
            _signal(leader, how)
            os.close(leader)
        elif self._process:
            self._process.kill()
        elif group:
            group.end()
        # The object that booted it removes the rest.
        if self._process:
            self._processes.stop(self._process)
            self._process = None
        if self._group:
            self._group.end()


def _signal(process: int, how: signal.Signals) -> None:
    """Signals the process and waits for its end; SIGKILL if it does not end in time."""
    for each in (how, signal.SIGKILL):
        try:
            signal.pidfd_send_signal(process, each)
        except ProcessLookupError:
            return
        if select.select([process], [], [], STOP_SECONDS)[0]:
            return


def _kernel_keys() -> list[str]:
    """The sysctl keys that the playbook sets and that are global: net.core is too."""
    # Not at the top: images are made before yaml is installed.
    import yaml

    keys = [line.split(" = ")[0] for line in yaml.safe_load(BASE_ROLE.read_text())["base_sysctl"]]
    return [key for key in keys if not key.startswith("net.") or key.startswith("net.core.")]


def _copy(disk: Path, to: Path) -> None:
    """Copies a disk, renamed only when complete; sparse blocks stay sparse."""
    partial = to.with_suffix(".partial")
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(disk), str(partial)], check=True)
    partial.replace(to)
