"""make rotate under load: SECRET_KEY and the vault's password, while somebody who is signed in writes rows."""

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps.writer import Writer
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError


def rotate(run: Run, phase: Phase) -> None:
    site = run.site.site
    before = Secrets.load(site)
    try:
        writing = Writer(run)
    except SlipwayError as error:
        run.log.skip("A rotation signs nobody out", f"the project has no admin to write through: {error}")
        return
    with writing as written, run.under_load("make rotate SECRET=SECRET_KEY, and END=1"):
        run.command("rotate", phase, "rotate", "SECRET_KEY")
        after = Secrets.load(site)
        # Whoever asked for a page meanwhile has a session that the new key has signed.
        run.command("rotate-end", phase, "rotate", "SECRET_KEY", "--end")
    replaced = after.web["SECRET_KEY"] != before.web["SECRET_KEY"]
    run.log.check("Another SECRET_KEY signs", replaced, "and the one of before was accepted until END=1")
    # A session that ends gets the login form, which writes no row.
    run.log.check("A rotation signs nobody out", bool(written.acknowledged) and not written.failed, str(written))
    kept = Secrets.load(site)
    run.command("rotate-vault", phase, "rotate", "vault")
    run.log.check("The vaulted file opens with its new password", Secrets.load(site) == kept, "and is as it was")
    run.command("deploy-after-rotation", phase, "deploy", "--no-smoke")
