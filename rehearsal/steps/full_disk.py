"""Fills the host's disk, makes PostgreSQL write its WAL while nothing is free, and frees the space."""

from dataclasses import dataclass

from rehearsal.host import Host
from rehearsal.run import Run
from rehearsal.run_log import Phase

# Filled by nginx's user, who may not use the blocks reserved for root, and by root.
USERS = ("www-data", "root")
FILE, RESERVE = "/var/tmp/rehearsal-full", "/var/lib/slipway/reserve"
# Of 16 MB each, at once. Root's file takes the reserve too: PostgreSQL has the files that are there, however many are
# archived meanwhile (postgresql_wal_files).
WAL_FILES = 24
PATIENCE = 60  # s, until the reserve is back
# PostgreSQL's first process, and the checkpointer, which is a new process after a crash.
PROCESSES = "first=$(head -qn1 /var/lib/postgresql/*/main/postmaster.pid); echo $first; pgrep -P $first -f checkpointer"
PSQL = "runuser -u postgres -- psql -qXAt postgres"

# One large file, then bytes until the disk is full.
FILL = f"""
cd /
{PSQL} -c 'create table if not exists rehearsal_full (line text)'
runuser -u USER -- sh -c '
    fallocate --length "$(df --output=avail --block-size=1 / | tail -1)" {FILE}
    cat /dev/zero >> {FILE}' 2> /dev/null
df --output=avail --block-size=1M / | tail -1
"""
# A row may fail when the disk is full; its WAL must not.
FORCE = f"""
cd /
for round in $(seq {WAL_FILES}); do
    {PSQL} -c "insert into rehearsal_full select md5(random()::text) from generate_series(1, 2000)"
    {PSQL} -v ON_ERROR_STOP=1 -c "select pg_switch_wal()" > /dev/null && echo written
done 2> /dev/null | wc -l
"""
MAKE_ROOM = f"""
cd /
rm -f {FILE}
{PSQL} -c 'drop table if exists rehearsal_full'
for tried in $(seq {PATIENCE * 5}); do
    test -s {RESERVE} && echo back && break
    sleep 0.2
done
"""


@dataclass(slots=True)
class Result:
    """``left``: MB that stayed free; ``written``: WAL files; ``same``: PostgreSQL has not stopped; ``reserve``: it is
    back."""

    left: int = 0
    written: int = 0
    same: bool = False
    reserve: bool = False


class FullDisk:
    """``with FullDisk(host, user) as disk``: the disk is full while the block runs, and has its reserve again after
    it. ``force`` makes PostgreSQL write."""

    def __init__(self, host: Host, user: str) -> None:
        self.host = host
        self.user = user
        self.result = Result()

    def __enter__(self) -> "FullDisk":
        self._before = self.host.run(PROCESSES)
        self.result.left = int(self.host.run(FILL.replace("USER", self.user)))
        return self

    def force(self) -> None:
        self.result.written = int(self.host.run(FORCE))
        self.result.same = self.host.run(PROCESSES) == self._before

    def __exit__(self, *_: object) -> None:
        self.result.reserve = self.host.run(MAKE_ROOM).strip() == "back"


def fill_disk(run: Run, phase: Phase) -> None:
    """Filled by nginx's user and then by root, under load, while PostgreSQL has to write."""
    for user in USERS:
        with run.under_load(f"a disk that {user} filled"), FullDisk(run.host, user) as disk:
            _, output = run.status()
            disk.force()
        result = disk.result
        run.log.check(
            f"PostgreSQL goes on, on a disk that {user} filled",
            result.same and result.written == WAL_FILES,
            f"{'it never stopped' if result.same else 'it stopped'}; {result.left} MB were left;"
            f" it wrote {result.written} WAL files of {WAL_FILES}",
        )
        lines = [line for line in output.splitlines() if line.startswith("WRONG")]
        reported = any("the disk of / is full" in line for line in lines)
        run.log.check(f"make status reports that {user} filled the disk", reported, "; ".join(lines) or "nothing")
        run.log.check(
            f"The reserve is back once what {user} wrote is gone",
            result.reserve,
            "it is" if result.reserve else f"not within {PATIENCE} s",
        )
