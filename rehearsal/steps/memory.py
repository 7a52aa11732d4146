"""How much memory is available after a proof."""

import time

from rehearsal.run import Run
from rehearsal.run_log import Phase

# MB that must be left on a 512 MB machine with site, database and TLS.
AVAILABLE = 230
SETTLING = 60  # s between the proof and the measurement


def measure(run: Run, phase: Phase) -> None:
    time.sleep(SETTLING)
    run.results.memory = memory = run.host.memory()
    run.check_with_kernel(
        f"At least {AVAILABLE} MB are left after the proof",
        memory.available >= AVAILABLE,
        f"{memory.available} MB of {memory.total} available, {memory.swap_used} MB in swap",
    )
    run.log.check("Nothing was killed for memory", memory.oom_kills == 0, f"{memory.oom_kills} kills")
