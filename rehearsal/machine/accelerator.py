"""Chooses between KVM and software emulation with a timed test boot."""

import os
import subprocess
from pathlib import Path

from rehearsal.machine.image import STATE, Image

KVM = "kvm"
# MB for translated code: QEMU's default is an eighth of the guest's RAM, and a deploy fills 256 MB some ninety times;
# each time everything is translated again.
TCG = "tcg,thread=multi,tb-size=1024"
# QEMU caches translated code by address: with random addresses each start of a program is translated again. Without
# them Python starts twice as fast, and a shell loop runs three times as fast. The playbook switches them on again.
TCG_KERNEL = "nokaslr norandmaps"
# What wheels may require (x86-64-v2), and no more: programs use further features of "max" when they find them, and
# those are emulated step by step. Boot and the starts of Python, perl and a shell take a quarter to a third less.
TCG_CPU = "qemu64,+cx16,+popcnt,+sse4.1,+sse4.2,+ssse3"
SECONDS = 10


def choose(image: Image) -> str:
    """QEMU's -accel argument; /dev/kvm may exist and hang, so only a finished test boot counts.

    The result is kept until this host boots again.
    """
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    kept = STATE / "accelerator"
    if not kept.exists() or not kept.read_text().startswith(boot_id):
        works = os.access("/dev/kvm", os.R_OK | os.W_OK) and _kvm_boots(image)
        kept.write_text(f"{boot_id} {'works' if works else 'fails'}\n")
    # Only the result for KVM is kept: a later version may emulate differently.
    return KVM if kept.read_text().split()[1] == "works" else TCG


def cpu(accelerated: str) -> str:
    """QEMU's -cpu argument."""
    return TCG_CPU if accelerated == TCG else "max"


def _kvm_boots(image: Image) -> bool:
    """A kernel without a disk panics at once, and -no-reboot then ends QEMU."""
    command = ["qemu-system-x86_64", "-accel", KVM, "-cpu", "max", "-m", "256", "-display", "none", "-no-reboot"]
    command += [
        "-kernel",
        str(image.kernel),
        "-append",
        "panic=-1 console=ttyS0",
        "-serial",
        "none",
        "-monitor",
        "none",
    ]
    try:
        return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
