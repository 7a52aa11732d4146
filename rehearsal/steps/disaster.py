"""The server is lost while rows are written: a new machine takes the site over, from the bucket alone."""

import math
import random
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rehearsal.host import ADMIN
from rehearsal.machine import ssh
from rehearsal.machine.machine import Machine
from rehearsal.run import Run
from rehearsal.run_log import Phase
from slipway.web.errors import SlipwayError

# s that the server still has after the backup; by chance, as PostgreSQL ends a WAL segment each 30 s.
SHORTEST, LONGEST = 20, 60
# s of data that a lost server may cost.
LOST = 60
# s from one row to the next.
INTERVAL = 1
TABLE = "rehearsal_disaster"
PSQL = "runuser -u slipway -- psql -XAtq -v ON_ERROR_STOP=1 slipway"
CREATE = f"CREATE TABLE {TABLE} (n bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())"
INSERT = f"INSERT INTO {TABLE} DEFAULT VALUES RETURNING n, extract(epoch FROM at)"
READ = f"SELECT n, extract(epoch FROM at) FROM {TABLE} ORDER BY n"


@dataclass(frozen=True, slots=True)
class Disaster:
    """``lost``: s between the last row that PostgreSQL acknowledged and the last one restored; ``back``: s until the
    site served again, its proof included. ``written`` is the number of rows that were acknowledged, ``restored`` of
    those that are there again, ``holes`` of those that are missing before the last one restored."""

    lost: float
    back: float
    written: int
    restored: int
    holes: int

    @property
    def passed(self) -> bool:
        return self.lost <= LOST and not self.holes

    def __str__(self) -> str:
        return (
            f"{self.lost:.0f} s of data lost, {self.restored} of {self.written} rows restored, "
            f"{self.holes} missing among them; back after {self.back / 60:.1f} minutes"
        )


def lose_server(run: Run, phase: Phase) -> None:
    """The step: one backup, rows each second, a machine without warning gone, and a bare one restored."""
    begin(run, phase)
    run.results.disaster = result = burn(run, phase, "disaster")
    run.log.check(f"A lost server costs {LOST} s of data at most", result.passed, str(result))


def begin(run: Run, phase: Phase) -> None:
    """The table with a first row, and a full backup with both."""
    run.host.run(f'{PSQL} -c "{CREATE}" -c "{INSERT}"')
    run.command("backup-before-disaster", phase, "backup")


def burn(run: Run, phase: Phase, name: str) -> Disaster:
    """Destroys the machine that serves at a moment by chance, and brings the site back on a bare one by `make deploy
    RESTORE=latest`. Raises SlipwayError when it does not come back."""
    burning = run.machine
    with Rows(burning) as rows, run.load():
        time.sleep(random.uniform(SHORTEST, LONGEST))
        burning.destroy()
    began = time.monotonic()
    bare = run.bare_machine()
    run.site.deploy_to(bare)
    booted = time.monotonic()
    # A person orders the server; what the command takes is what is measured.
    run.command(f"{name}-deploy", phase, "deploy", "--restore", "latest")
    ended = time.monotonic()
    print(f"    a bare machine after {booted - began:.0f} s, the site after {ended - booted:.0f} s more", flush=True)
    if not rows.written:
        raise SlipwayError(f"no row was written before the machine was lost: {rows.error}")
    return compare(rows.written, rows_of(run.host.run(f'{PSQL} -c "{READ}"')), ended - booted)


def compare(written: Sequence[tuple[int, float]], restored: Sequence[tuple[int, float]], back: float) -> Disaster:
    """Rows are pairs of number and time. The numbers have gaps: a sequence is up to 32 ahead after a recovery."""
    found = {number for number, _ in restored}
    last = max(found, default=0)
    holes = [number for number, _ in written if number < last and number not in found]
    there = [at for number, at in written if number in found]
    # None of them is there: what was lost began with the first.
    lost = written[-1][1] - (there or [written[0][1] - INTERVAL])[-1] if found else math.inf
    return Disaster(lost, back, len(written), len(there), len(holes))


def rows_of(text: str) -> list[tuple[int, float]]:
    return [(int(number), float(at)) for number, _, at in (line.partition("|") for line in text.split())]


@dataclass(slots=True)
class Rows:
    """``with Rows(machine) as rows:``: the site's role writes a row each second; each is noted once it is committed."""

    machine: Machine
    # Number and time, s since the epoch by the machine's clock.
    written: list[tuple[int, float]] = field(default_factory=list)
    error: str = ""
    _process: subprocess.Popen | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Rows":
        loop = f"while {PSQL} -c '{INSERT}'; do sleep {INTERVAL}; done"
        command = ["ssh", "-F", str(self.machine.ssh_config), "-l", ADMIN, ssh.HOST, f'sudo sh -c "{loop}"']
        # The stand-in for the network ends with the machine, and the connection with it.
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._thread = threading.Thread(target=self._read, name="rows")
        self._thread.start()
        return self

    def _read(self) -> None:
        for line in self._process.stdout:
            if "|" in line:
                self.written += rows_of(line)
            else:
                self.error = line.strip()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()
