"""Boots an image in QEMU: 512 MB, one CPU, a kernel of its own, reachable from the loopback only."""

import subprocess
import time
from pathlib import Path

from rehearsal.machine import accelerator, image, needs, ssh
from rehearsal.machine.machine import MEMORY_MB, PORTS, Machine
from rehearsal.machine.monitor import Monitor
from rehearsal.processes import Processes, free_port
from slipway.web.errors import SlipwayError

# Software emulation on a busy host is slow; a machine that hangs is still noticed.
BOOT_SECONDS = 600
STOP_SECONDS = 60


class Emulated(Machine):
    """A machine with a kernel of its own, for every check; software emulation makes it slow."""

    kind = "qemu"
    described = f"{MEMORY_MB} MB, one emulated CPU"
    own_kernel = True
    # What QEMU's user network gives.
    address = "10.0.2.15"

    def __init__(self, release: str, directory: Path | None = None) -> None:
        super().__init__(release, directory)
        self.console = self.directory / "console.log"
        self.disk = self.directory / "disk.qcow2"
        self._monitor = self.directory / "monitor.sock"

    def require(self) -> None:
        needs.require(needs.RUN)

    def prepare(self) -> str:
        made = image.ensure(self.release)
        return f"{made.disk.parent.name}, which {accelerator.choose(made).partition(',')[0]} runs,"

    def boot(self, processes: Processes, *, snapshot: str = "", user: str = "root") -> subprocess.Popen[bytes]:
        self.check()
        base = image.ensure(self.release)
        if not snapshot:
            self._make(base)
        elif not self.saved(snapshot):
            raise SlipwayError(f"the {self.release} machine was never saved as {snapshot}; boot it afresh")
        ports = {guest: free_port() for guest in PORTS}
        self._write_access(ports)
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
        self._reset()
        overlay = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base.disk), "-F", "qcow2", str(self.disk)]
        subprocess.run(overlay, check=True)

    def _command(self, base: image.Image, ports: dict[int, int], snapshot: str) -> list[str]:
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for guest, host in ports.items())
        # On a busy host the emulated TSC looks unstable, and then every reading of the clock would be slow.
        accelerated = accelerator.choose(base)
        kernel = "root=/dev/vda rw console=ttyS0 tsc=reliable"
        kernel += f" {accelerator.TCG_KERNEL}" if accelerated == accelerator.TCG else ""
        # systemd's own way to give a key to a machine.
        kernel += f' systemd.set_credential="ssh.authorized_keys.root:{self._key()}"'
        command = ["qemu-system-x86_64", "-accel", accelerated, "-cpu", accelerator.cpu(accelerated)]
        command += ["-m", str(MEMORY_MB), "-smp", "1", "-display", "none", "-no-reboot"]
        command += ["-kernel", str(base.kernel), "-initrd", str(base.initrd), "-append", kernel]
        command += ["-drive", f"file={self.disk},if=virtio,cache=unsafe,discard=unmap"]
        command += ["-nic", f"user,model=virtio-net-pci{forwards}", "-device", "virtio-rng-pci"]
        command += ["-serial", f"file:{self.console}", "-qmp", f"unix:{self._monitor},server=on,wait=off"]
        return command + (["-loadvm", snapshot] if snapshot else [])

    def running(self) -> bool:
        try:
            Monitor(self._monitor).__exit__(None, None, None)
        except OSError:
            return False
        return True

    def set_clock(self, user: str = "root") -> None:
        """Sets the guest's clock to the host's: a resumed machine's is behind."""
        sudo = "" if user == "root" else "sudo "
        self.run(f"{sudo}date --utc --set=@{time.time():.2f}", user)

    def save(self, snapshot: str) -> None:
        """Saves memory and disk, so that `boot(snapshot=…)` continues from here."""
        with Monitor(self._monitor) as monitor:
            monitor.save(snapshot)

    def saved(self, snapshot: str) -> bool:
        return self.disk.exists()

    def another(self, directory: Path, release: str = "") -> "Emulated":
        return Emulated(release or self.release, directory)

    def destroy(self) -> None:
        with Monitor(self._monitor) as monitor:
            monitor.kill(STOP_SECONDS)
        self.disk.unlink()

    def stop(self) -> None:
        try:
            with Monitor(self._monitor) as monitor:
                monitor.power_off(STOP_SECONDS)
        except OSError:
            pass
