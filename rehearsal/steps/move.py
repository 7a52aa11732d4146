"""make move to a second, bare machine of Debian 13, while rows are written through the site; a deploy there, and END=1.

From Debian 13 the database moves by WAL; from Debian 12, whose PostgreSQL is older, as a dump.
"""

import json
import re

from rehearsal.host import Host
from rehearsal.machine import ssh
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps import writer
from rehearsal.steps.writer import Writer
from slipway.web.errors import SlipwayError

SECOND, RELEASE = "second", "trixie"
# What the move says of its wall: its limit, s, which by WAL is always the same.
WALL, LIMIT = 30, re.compile(r"The wall: a 503 for everybody, (\d+) s at most")
BY = {True: "it follows by WAL", False: "dumped and loaded"}


def move(run: Run, phase: Phase) -> None:
    if run.machine.kind != "container":
        run.log.skip("A move loses no write", "emulated machines do not reach each other; MACHINE=container shows it")
        return
    try:
        writing = Writer(run)
    except SlipwayError as error:
        run.log.skip("A move loses no write", f"the project has no admin to write through: {error}")
        return
    old, new = run.machine, run.bare_machine(RELEASE)
    way = BY[old.release == RELEASE]
    # DNS names the old one.
    new.run(f"sed -i 's/^{new.address} /{old.address} /' /etc/hosts")
    _name_both(run, old, new)
    with writing as written:
        output = run.command("move", phase, "move", "--to", SECOND, "--yes")
    said = next((line.strip() for line in output.splitlines() if line.strip().startswith("database: ")), "")
    run.log.check("The database moves in the way that suits both servers", way in said, said)
    run.log.check("A move loses no write", *_lost(run, new, written))
    run.log.check("No request fails during a move but for the wall's", not written.failed, str(written))
    limit = int(LIMIT.search(output)[1])
    waited = bool(written.closed) and written.seconds <= limit and written.retry_after == {str(limit)}
    what = f"The wall of a move is {limit} s at most, and says when to come back"
    run.log.check(what, waited and (limit == WALL or old.release != RELEASE), str(written))
    said = next((line for line in output.splitlines() if "forwards to it" in line), output.splitlines()[-1])
    run.log.check("The old server forwards", "forwards to it" in said, said)
    _check_old(run, old)
    run.site.serve_from(new)
    Host(run.site, new).run(f"sed -i 's/^{old.address} /{new.address} /' /etc/hosts")
    run.command("deploy-after-move", phase, "deploy")
    ended = run.command("move-end", phase, "move", "--end")
    run.log.check(
        "A deploy to the new server works, and the move is ended", "the move is ended" in ended, ended.strip()
    )


def _name_both(run: Run, old, new) -> None:
    """site.yml's ssh_config names both machines from now on, and both keys may log in."""
    config = run.site.directory / "ssh_config"
    second = new.ssh_config.read_text().partition("\n")[2]
    config.write_text(f"{old.ssh_config.read_text()}Host {SECOND}\n  HostKeyAlias {SECOND}\n{second}")
    file = run.site.directory / "site.yml"
    text = file.read_text().splitlines()
    lines = [f"ssh_config: {config}" if line.startswith("ssh_config:") else line for line in text]
    keys = lines.index("admin_keys:")
    lines.insert(keys + 1, f"- {new.directory / 'id_ed25519.pub'}")
    file.write_text("\n".join(lines) + "\n")


def _lost(run: Run, new, written: writer.Written) -> tuple[bool, str]:
    there = Host(run.site, new).manage(f"shell --verbosity 0 --command {json.dumps(writer.ROWS)}").split()
    lost = set(written.acknowledged) - set(there)
    return not lost and bool(written.acknowledged), f"{len(lost)} of {len(written.acknowledged)} lost"


def _check_old(run: Run, old) -> None:
    said = ssh.run(old.ssh_config, "sudo systemctl is-active slipway.service slipway-backup.timer || true", "deploy")
    states = said.stdout.split()
    run.log.check("The old server runs nothing of its own", "active" not in states, ", ".join(states))
