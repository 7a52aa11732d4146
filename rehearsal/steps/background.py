"""A worker with a queue and a job, across deploys under load: no task is lost or done twice, and nothing waits."""

import base64
import json
import time

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps.disaster import PSQL
from slipway.tool.server.layout import LAYOUT

TABLE, TASKS, DEPLOYS = "rehearsal_tasks", 1000, 10
WORKER, JOB = "rehearsed", "rehearsed"
# A queue in PostgreSQL, as packages have it: a task is begun and ended by a row's own transaction.
PROGRAM = f"""
import os, signal, time, psycopg
going = True
def end(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, end)
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    while going:
        task = connection.execute(
            "UPDATE {TABLE} SET begun = begun + 1 WHERE id = (SELECT id FROM {TABLE} WHERE begun = 0"
            " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, seconds").fetchone()
        if task:
            time.sleep(task[1])
            connection.execute("UPDATE {TABLE} SET ended = ended + 1 WHERE id = %s", task[:1])
        else:
            time.sleep(0.2)
"""
# Most are short, and every tenth is as long as a deploy's switch.
MAKE = (
    f"CREATE TABLE {TABLE} AS SELECT id, 0 AS begun, 0 AS ended,"
    " CASE WHEN id % 10 = 0 THEN 1.5e0::float ELSE 0.05 END AS seconds"
    f" FROM generate_series(1, {TASKS}) id; ALTER TABLE {TABLE} OWNER TO {LAYOUT.database}"
)
COUNT = (
    f"SELECT count(*) FILTER (WHERE ended = 1 AND begun = 1), count(*) FILTER (WHERE begun > 1),"
    f" count(*) FILTER (WHERE begun = 1 AND ended = 0) FROM {TABLE}"
)
PATIENCE = 600  # s, for what is left of the tasks after the last deploy


def run_in_background(run: Run, phase: Phase) -> None:
    run.host.run(f'{PSQL} -c "DROP TABLE IF EXISTS {TABLE}" -c "{MAKE}"')
    program = f"import base64; exec(base64.b64decode('{base64.b64encode(PROGRAM.encode()).decode()}'))"
    run.site.describe(
        workers={WORKER: {"command": f'python -c "{program}"', "memory": 40}},
        schedule={
            "clearsessions": "*:0/2",
            "clear_incoming": "*:1/2",
            JOB: {"command": "shell -c 'import time; time.sleep(20)'", "when": "*:*:30"},
        },
        gunicorn_workers=1,
    )
    run.command("background", phase, "deploy", "--no-smoke")
    with run.under_load(f"{DEPLOYS} deploys beside a worker and three jobs"):
        for _ in range(DEPLOYS):
            run.command("background", phase, "deploy", "--no-smoke")
        done, twice, cut = _wait_for_the_end(run)
    run.log.check(
        f"Of {TASKS} tasks none is lost or done twice",
        (done, twice, cut) == (TASKS, 0, 0),
        f"{done} done, {twice} twice, {cut} begun and not ended",
    )
    jobs = {each["name"]: each for each in json.loads(run.host.run("slipway jobs"))}
    ended = {name: (each.get("last") or {}).get("result", "never ran") for name, each in jobs.items()}
    run.log.check("Each job runs, and ends well", set(ended.values()) == {"done"}, json.dumps(ended))
    measured = run.host.memory()
    weights = ", ".join(f"{each.name} {each.pss >> 20}" for each in measured.services if "slipway" in each.name)
    run.log.check("Nothing was killed for memory beside them", not measured.oom_kills, f"MB in use: {weights}")
    run.site.describe()
    run.command("background-off", phase, "deploy", "--no-smoke")
    run.host.run(f'{PSQL} -c "DROP TABLE {TABLE}"')
    names = f"-e {LAYOUT.worker_prefix}{WORKER} -e {LAYOUT.job_prefix}{JOB}"
    left = run.host.run(f"ls {LAYOUT.units} | grep {names}; true").split()
    run.log.check("Without them in site.yml no unit of theirs stays", not left, ", ".join(left) or "none stays")


def _wait_for_the_end(run: Run) -> tuple[int, int, int]:
    deadline = time.monotonic() + PATIENCE
    while True:
        done, twice, cut = map(int, run.host.run(f'{PSQL} -c "{COUNT}"').strip().split("|"))
        if done + cut >= TASKS or time.monotonic() > deadline:
            return done, twice, cut
        time.sleep(2)
