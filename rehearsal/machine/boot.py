"""Boots an image in QEMU: 512 MB, one CPU, a kernel of its own, reached on the loopback only."""

import json
import shutil
import subprocess
import time
from pathlib import Path

from deploy.errors import SlipwayError
from rehearsal.machine import accelerator, image, needs, ssh
from rehearsal.machine.monitor import Monitor
from rehearsal.processes import Processes, free_port

MEMORY_MB = 512
# Guest ports that the host reaches, each by a free one of the loopback.
PORTS = (22, 80, 443)
# Software emulation on a busy host is slow; a machine that hangs is still noticed.
BOOT_SECONDS = 600
STOP_SECONDS = 60


class Machine:
    """One throwaway server of a Debian release. ``directory`` holds its disk, its key and its console's log.

    From the guest, the host's loopback is 10.0.2.2.
    """

    def __init__(self, release: str, directory: Path | None = None) -> None:
        self.release = release
        self.directory = directory or image.STATE / release
        self.disk = self.directory / "disk.qcow2"
        self.console = self.directory / "console.log"
        self.ssh_config = self.directory / "ssh_config"
        self._monitor = self.directory / "monitor.sock"

    @property
    def ports(self) -> dict[int, int]:
        """Guest port to loopback port, of the machine that was booted last."""
        return {int(guest): host for guest, host in json.loads((self.directory / "ports.json").read_text()).items()}

    def boot(self, processes: Processes, *, snapshot: str = "", user: str = "root") -> subprocess.Popen[bytes]:
        """Starts a fresh machine, or with ``snapshot`` goes on where that was saved; returns when sshd answers.

        ``user`` sets the clock of a resumed machine, with sudo unless it is root.
        Raises SlipwayError when one is running already, a tool is missing or the machine does not come up.
        """
        needs.require(needs.RUN)
        if self.running():
            raise SlipwayError(f"the {self.release} machine is running; python -m rehearsal.machine stop")
        base = image.ensure(self.release)
        if not snapshot:
            self._make(base)
        elif not self.disk.exists():
            raise SlipwayError(f"the {self.release} machine was never saved as {snapshot}; boot it afresh")
        ports = {guest: free_port() for guest in PORTS}
        (self.directory / "ports.json").write_text(json.dumps(ports))
        ssh.write_config(self.directory, ports[22])
        process = processes.start(
            f"machine-{self.release}",
            self._command(base, ports, snapshot),
            env={"PATH": "/usr/bin:/bin", "TMPDIR": "/var/tmp"},
            cwd=self.directory,
            ready=[self._monitor],
        )
        ssh.wait(ports[22], lambda: process.poll() is None, BOOT_SECONDS)
        if snapshot:
            self.set_clock(user)
        return process

    def _make(self, base: image.Image) -> None:
        """A new disk on top of the image, and a new key."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        overlay = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base.disk), "-F", "qcow2", str(self.disk)]
        subprocess.run(overlay, check=True)
        ssh.make_key(self.directory)

    def _command(self, base: image.Image, ports: dict[int, int], snapshot: str) -> list[str]:
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for guest, host in ports.items())
        # systemd's own way to hand a key to a machine.
        key = (self.directory / "id_ed25519.pub").read_text().strip()
        # On a busy host the emulated counter looks unstable, and then every look at the clock would be slow.
        accelerated = accelerator.choose(base)
        kernel = "root=/dev/vda rw console=ttyS0 tsc=reliable"
        kernel += f" {accelerator.TCG_KERNEL}" if accelerated == accelerator.TCG else ""
        kernel += f' systemd.set_credential="ssh.authorized_keys.root:{key}"'
        command = ["qemu-system-x86_64", "-accel", accelerated, "-cpu", accelerator.cpu(accelerated)]
        command += ["-m", str(MEMORY_MB), "-smp", "1", "-display", "none", "-no-reboot"]
        command += ["-kernel", str(base.kernel), "-initrd", str(base.initrd), "-append", kernel]
        command += ["-drive", f"file={self.disk},if=virtio,cache=unsafe,discard=unmap"]
        command += ["-nic", f"user,model=virtio-net-pci{forwards}", "-device", "virtio-rng-pci"]
        command += ["-serial", f"file:{self.console}", "-qmp", f"unix:{self._monitor},server=on,wait=off"]
        return command + (["-loadvm", snapshot] if snapshot else [])

    def running(self) -> bool:
        """Whether its QEMU is there, whoever started it."""
        try:
            Monitor(self._monitor).__exit__(None, None, None)
        except OSError:
            return False
        return True

    def run(self, command: str, user: str = "root", stdin: str = "") -> str:
        """What a shell command prints in the machine. Raises SlipwayError with its last line when it fails."""
        return ssh.run(self.ssh_config, command, user, stdin=stdin).stdout

    def set_clock(self, user: str = "root") -> None:
        """Sets the guest's clock to the host's: a resumed machine lives in the past."""
        sudo = "" if user == "root" else "sudo "
        self.run(f"{sudo}date --utc --set=@{time.time():.2f}", user)

    def save(self, snapshot: str) -> None:
        """Saves memory and disk, so that `boot(snapshot=…)` goes on from here."""
        with Monitor(self._monitor) as monitor:
            monitor.save(snapshot)

    def stop(self) -> None:
        """Shuts the machine down as its power button would; nothing happens when it is not running."""
        try:
            with Monitor(self._monitor) as monitor:
                monitor.power_off(STOP_SECONDS)
        except OSError:
            pass
