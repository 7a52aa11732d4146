"""Chooses between KVM and software emulation by a boot that is timed."""

import os
import subprocess
from pathlib import Path

from rehearsal.machine.image import STATE, Image

KVM = "kvm"
# MB for translated code: QEMU's default is an eighth of the guest's RAM, and a deploy fills 256 MB some ninety times
# over; each time all of it is translated anew.
TCG = "tcg,thread=multi,tb-size=1024"
# It also keeps translated code by address, so that under random addresses each start of a program is translated anew:
# without them Python starts twice and a shell's loop three times as quick. The playbook sets them again, as anywhere.
TCG_KERNEL = "nokaslr norandmaps"
# What every wheel may count on (x86-64-v2), and no more: whatever else "max" has is emulated step by step, and programs
# that find it take it. Boot and Python's, perl's and a shell's starts take a quarter to a third less without.
TCG_CPU = "qemu64,+cx16,+popcnt,+sse4.1,+sse4.2,+ssse3"
SECONDS = 10


def choose(image: Image) -> str:
    """QEMU's -accel argument; /dev/kvm may be there and hang, so only a probe that ended counts.

    The answer is kept until this host boots again.
    """
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    kept = STATE / "accelerator"
    if not kept.exists() or not kept.read_text().startswith(boot_id):
        works = os.access("/dev/kvm", os.R_OK | os.W_OK) and _kvm_boots(image)
        kept.write_text(f"{boot_id} {'works' if works else 'fails'}\n")
    # What KVM does is kept, and not how we emulate, which a later version may do otherwise.
    return KVM if kept.read_text().split()[1] == "works" else TCG


def cpu(accelerated: str) -> str:
    """QEMU's -cpu argument."""
    return TCG_CPU if accelerated == TCG else "max"


def _kvm_boots(image: Image) -> bool:
    """A kernel without a disk panics at once, and -no-reboot makes that QEMU's end."""
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
