"""A table is dropped by mistake, and `make restore TO=` brings back the database of just before."""

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import DOMAIN
from rehearsal.steps.disaster import PSQL

TABLE, ROWS = "rehearsal_dropped", 1000
MAKE = f"CREATE TABLE {TABLE} AS SELECT n FROM generate_series(1, {ROWS}) n"
# As a person reads it off the clock after the last good write.
NOW = "SELECT clock_timestamp()"
COUNT = f"SELECT count(*) FROM {TABLE}"


def restore_dropped_table(run: Run, phase: Phase) -> None:
    """Rows that were written before the moment are there again; the site answers."""
    run.command("backup-before-drop", phase, "backup", "--kind", "diff")
    run.host.run(f'{PSQL} -c "{MAKE}"')
    moment = run.host.run(f'{PSQL} -c "{NOW}"').strip()
    run.host.run(f'{PSQL} -c "DROP TABLE {TABLE}"')
    run.command("restore-dropped", phase, "restore", "--to", moment, "--yes", DOMAIN)
    found = run.host.run(f'{PSQL} -c "{COUNT}"').strip()
    run.host.run(f'{PSQL} -c "DROP TABLE {TABLE}"')
    run.log.check(
        "A dropped table is back after make restore TO= a moment before", found == str(ROWS), f"{found} of {ROWS} rows"
    )
