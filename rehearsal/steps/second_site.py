"""A second site of the same checkout, by CONFIG=staging.yml: a machine, names, buckets and secrets of its own."""

import asyncio
import json
import os
import secrets
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from rehearsal.environment import keys_of
from rehearsal.host import Host
from rehearsal.machine import ssh
from rehearsal.machine.machine import Machine
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from rehearsal.server_site import SECOND, SECOND_STATE, SITE
from rehearsal.steps.deploy import check_proof
from slipway import ROOT
from slipway.tool import config
from slipway.tool.secrets import PASSPHRASE, PASSWORD_VARIABLE, Secrets
from slipway.tool.server import lock
from slipway.tool.server.connection import Connection
from slipway.tool.server.layout import LAYOUT
from static_smoke.http.client import Client, new_run
from static_smoke.options import parse

NAMES = (f"www.{SECOND}", SECOND)
FILE, SERVER = "staging.yml", "staging"
# What each of them has of its own: rows, release, settings.
ROWS = "from django.contrib.auth.models import Group; print(*Group.objects.values_list('name', flat=True))"
ADD = f"from django.contrib.auth.models import Group; Group.objects.get_or_create(name='of {SECOND}')"

# What a deploy to a server changes there.
STATE = f"readlink {LAYOUT.current}; sha256sum {LAYOUT.saved_state}"


def deploy_both(run: Run, phase: Phase) -> None:
    machine = run.bare_machine("", *NAMES)
    run.site.serve_second(machine)
    environment = _environment(run, _describe(run, machine))
    run.log.must("second-cdn", tool("cdn"), env=environment, cwd=ROOT)
    with ThreadPoolExecutor(1) as beside, run.under_load("a deploy beside another site's"):
        # Its playbook takes longer than all of this one's.
        second = beside.submit(run.log.run, "second-deploy", tool("deploy"), env=environment, cwd=ROOT)
        run.command("deploy-beside", phase, "deploy")
        alone = not second.done()
        status, said = second.result()
    run.log.check(
        "Two sites are deployed at once", alone, "the first was live before the second" if alone else "in turn"
    )
    proof = json.loads((SECOND_STATE / "report" / "smoke.json").read_text()) if status == 0 else {}
    passed = proof.get("verdict") == "passed"
    run.log.check("A second site is deployed and proved", passed, proof.get("sentence") or _last(said))
    check_proof(run)
    if status == 0:
        _check_locks(run, environment)
        _check_apart(run, Host(run.site, machine))
        _check_rejected(run, environment)
    # The other steps need this computer's memory.
    machine.stop()


def _describe(run: Run, machine: Machine) -> Path:
    """Writes its site.yml beside the first one's, and its secrets with a password of their own."""
    known = machine.directory / "ssh_config_by_name"
    known.write_text(machine.ssh_config.read_text().replace(f"Host {ssh.HOST}", f"Host {SERVER}", 1))
    first = yaml.safe_load((run.site.directory / "site.yml").read_text())
    file = run.site.directory / FILE
    key = machine.ssh_config.with_name("id_ed25519.pub")
    own = {"domain": SECOND, "server": SERVER, "ssh_config": str(known), "admin_keys": [str(key)], "ci_key": ""}
    file.write_text(yaml.safe_dump(first | own, sort_keys=False))
    password = _password_file(run)
    password.touch(mode=0o600)
    password.write_text(f"{secrets.token_urlsafe(32)}\n")
    before, os.environ[PASSWORD_VARIABLE] = os.environ[PASSWORD_VARIABLE], str(password)
    try:
        Secrets.write(
            config.load(file),
            {"SECRET_KEY": secrets.token_urlsafe(50), **keys_of("web")},
            keys_of("deployer"),
            backup={**keys_of("backup"), PASSPHRASE: secrets.token_urlsafe(24)},
            pruner=keys_of("pruner"),
            restorer=keys_of("restorer"),
        )
    finally:
        os.environ[PASSWORD_VARIABLE] = before
    return file


def _password_file(run: Run) -> Path:
    return run.site.directory / "staging-vault-password"


def _environment(run: Run, file: Path) -> dict[str, str]:
    """Of its commands, which differ from the first one's by CONFIG= and its password."""
    proof = [each for each in run.site.smoke_arguments() if not each.startswith("--depth")]
    own = {"CONFIG": str(file), PASSWORD_VARIABLE: str(_password_file(run))}
    return run.site.deployer("admin", SMOKE_ARGS=shlex.join([*proof, "--depth=quick"]), **own)


def _check_locks(run: Run, environment: dict[str, str]) -> None:
    """Each is deployed while the lock of the other is held."""
    second = config.load(environment["CONFIG"])
    for name, other, env in (
        ("second", run.site.site, environment),
        ("first", second, run.site.deployer("admin")),
    ):
        with lock.held(Connection(other)):
            status, said = run.log.run(f"{name}-beside-lock", tool("deploy", "--no-smoke"), env=env, cwd=ROOT)
        live = next((line for line in said.splitlines() if line.startswith("live after")), _last(said))
        run.log.check(f"The {name} site does not wait for the other one's lock", status == 0, live)


def _check_apart(run: Run, second: Host) -> None:
    releases = [host.run(f"readlink {LAYOUT.current}").strip().rpartition("/")[2] for host in (run.host, second)]
    run.log.check("Each site has a release of its own", releases[0] != releases[1], " and ".join(releases))
    second.manage(f"shell --verbosity 0 --command {shlex.quote(ADD)}")
    here, there = (
        host.manage(f"shell --verbosity 0 --command {shlex.quote(ROWS)}").splitlines() for host in (run.host, second)
    )
    run.log.check(
        "Each site has a database of its own",
        any(SECOND in line for line in there) and not any(SECOND in line for line in here),
        f"a row of {NAMES[0]} is not in that of {SITE}",
    )
    page = asyncio.run(_page(run))
    own = f"static.{SECOND}" in page and SITE not in page
    run.log.check("Its pages name its own hosts alone", own, f"{len(page)} characters")


async def _page(run: Run) -> str:
    """A page of the second site, by its own certificate."""
    options = parse(["--site", f"https://{NAMES[0]}", *run.site.smoke_arguments()])
    async with Client(options, new_run()) as client:
        return (await client.request(f"https://{NAMES[0]}{(run.site.site.paths or ['/'])[0]}")).decoded_text()


def _check_rejected(run: Run, environment: dict[str, str]) -> None:
    """A file that names what the first site has: here by its own file, and elsewhere by the server itself."""
    first = yaml.safe_load((run.site.directory / "site.yml").read_text())
    second = yaml.safe_load((run.site.directory / FILE).read_text())
    for title, keys, folder, says in (
        ("bucket", {"bucket": run.site.site.bucket}, run.site.directory, "is that of site.yml too"),
        ("server", {"server": first["server"]}, run.site.directory, "is that of site.yml too"),
        (
            "server, from another folder",
            {name: first[name] for name in ("server", "ssh_config", "admin_keys")},
            run.site.directory / "elsewhere",
            f"serves {SITE}",
        ),
    ):
        folder.mkdir(exist_ok=True)
        wrong = folder / "wrong.yml"
        wrong.write_text(yaml.safe_dump(second | keys, sort_keys=False))
        (folder / "wrong.secrets.yml").write_bytes((run.site.directory / "staging.secrets.yml").read_bytes())
        # The copy in the first one's folder names all that the second has; that one is looked for first.
        (run.site.directory / FILE).rename(run.site.directory / "staging.aside")
        try:
            before = run.host.run(STATE)
            status, said = run.log.run(
                "second-rejected", tool("deploy"), env=environment | {"CONFIG": str(wrong)}, cwd=ROOT
            )
            same = run.host.run(STATE) == before
        finally:
            (run.site.directory / "staging.aside").rename(run.site.directory / FILE)
            wrong.unlink()
            wrong.with_name("wrong.secrets.yml").unlink()
        run.log.check(
            f"A second site with the first one's {title} is rejected by name",
            bool(status) and same and says in said,
            _last(said),
        )


def _last(said: str) -> str:
    return (said.strip().splitlines() or ["no output"])[-1]
