"""Data that is lost by mistake."""

import time

from rehearsal.drills.drill import loaded
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import DOMAIN
from rehearsal.steps.disaster import PSQL
from rehearsal.steps.dropped_table import NOW
from slipway.tool.server.layout import LAYOUT

TABLE, ROWS, MINUTES = "drilled_rows", 1000, 10
MAKE = f"CREATE TABLE {TABLE} AS SELECT n, md5(random()::text) AS line FROM generate_series(1, {ROWS}) n"
HASH = f"SELECT count(*), md5(string_agg(n || line, '' ORDER BY n)) FROM {TABLE}"
DROP = f"runuser -u postgres -- psql -qXAt postgres -c 'DROP DATABASE {LAYOUT.database} WITH (FORCE)'"


def drop_database(run: Run, phase: Phase) -> None:
    """Pages fail until it is back; the site's own restore asks nothing of it."""
    run.command("backup-before-drop", phase, "backup", "--kind", "diff")
    run.host.run(f'{PSQL} -c "{MAKE}"')
    before = run.host.run(f'{PSQL} -c "{HASH}"').strip()
    moment = run.host.run(f'{PSQL} -c "{NOW}"').strip()
    run.host.run(DROP)
    began = time.monotonic()
    run.command("restore-dropped-database", phase, "restore", "--to", moment, "--yes", DOMAIN)
    minutes = (time.monotonic() - began) / 60
    after = run.host.run(f'{PSQL} -c "{HASH}"').strip()
    run.log.check("Every row is back, by its hash", before == after and before.startswith(f"{ROWS}|"), after)
    run.log.check(f"The restore takes {MINUTES} minutes at most", minutes <= MINUTES, f"{minutes:.1f} minutes")
    with loaded(run, "the time after it"):
        run.host.run(f'{PSQL} -c "DROP TABLE {TABLE}"')
