"""The first deploy to a bare machine, with a user and the project's seed."""

import json
import sys

from rehearsal.environment import UNKNOWN_COMMAND, superuser
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from rehearsal.server_site import USER
from slipway import ROOT
from slipway.web.errors import SlipwayError

# Made by `migrate`, or of no use in another database.
NOT_COPIED = ("contenttypes.", "auth.permission", "sessions.", "admin.logentry")


def start(run: Run) -> None:
    """Starts every stand-in."""
    run.site.start()
    run.results.url = run.site.site.site_url


def provision_cloud(run: Run) -> None:
    """As a person does; the stand-in for ACM checks no DNS record."""
    run.log.must("provision-cdn", tool("cdn"), env=run.site.deployer("admin"), cwd=ROOT)


def deploy(run: Run, phase: Phase) -> None:
    run.command("deploy", phase, "deploy")


def seed(run: Run) -> None:
    """A user to sign in as, and the project's seed: made here, then loaded into the machine's database, because
    painting photos takes an emulated CPU minutes."""
    env = run.site.variables("web") | {
        "SECRET_KEY": "of-a-temporary-database",
        "DATABASE_URL": f"sqlite:///{run.site.directory / 'seed.sqlite3'}",
        **superuser(USER, run.site.password),
    }
    dump = run.site.directory / "seed.json"
    commands = [["migrate", "--verbosity", "0"], ["createsuperuser", "--noinput"]]
    commands += [[run.site.user_site.seed]] if run.site.user_site.seed else []
    commands += [["dumpdata", "--natural-foreign", "--natural-primary", "--output", str(dump)]]
    for command in commands:
        try:
            run.log.must(f"seed-{command[0]}", [sys.executable, "manage.py", *command], env=env, cwd=ROOT)
        except SlipwayError as error:
            if command[0] != "createsuperuser" or UNKNOWN_COMMAND not in str(error):
                raise
    # dumpdata's own --exclude knows no app that is not installed.
    copied = [each for each in json.loads(dump.read_text()) if not each["model"].startswith(NOT_COPIED)]
    if copied:
        run.host.manage("loaddata --format=json -", json.dumps(copied))
    sign_in(run)


def sign_in(run: Run) -> None:
    """Writes the proof's login into the site's secrets."""
    run.site.write_secrets(SMOKE_LOGIN=run.site.login)
