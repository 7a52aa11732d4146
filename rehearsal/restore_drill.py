"""`make restore-drill`: boots a throwaway machine, restores the newest backup on it, and proves that it is the site.

The live server is asked for the hashes of its tables at a point of its WAL, and for the release that serves; nothing
else of it is touched. The machine reads the bucket with the restorer's key and archives nothing. The release is copied
from the live server: another build would be another release. The proof follows, with the site's names resolved to the
machine.
"""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rehearsal import acme, drill_report
from rehearsal.authority import Authority
from rehearsal.environment import choose_ports, inherited
from rehearsal.host import give
from rehearsal.machine import kinds, needs, ssh
from rehearsal.machine.machine import Machine
from rehearsal.processes import Processes
from rehearsal.rehearse import NEEDS
from rehearsal.run_log import RunLog
from rehearsal.server_site import LOOPBACK
from slipway import ROOT
from slipway.tool import budget, config
from slipway.tool.aws.identity import Identity
from slipway.tool.backups import drills, listing
from slipway.tool.secrets import AWS_PAIR, PASSPHRASE, Secrets
from slipway.tool.server import facts, inventory, lock, playbook, run_proof, state
from slipway.tool.server.connection import Connection, reach
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

ACME = "acme.restore-drill.test"
PORTS = ("proxy", "acme", "acme_control", "dns", "dns_control")
SYSTEMS = {"debian 12": "bookworm", "debian 13": "trixie"}
SAME = "Each table of the copy has the rows that the live server had at the point"


class Copy(config.Site):
    """The site on the throwaway machine, with a state directory of its own."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return f"{config.Site.name.fget(self)}-restore-drill"


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        needs.require(NEEDS, "a restore drill")
        site = config.load()
        drill = Drill(site, Secrets.load(site), options)
        return drill.run()
    except KeyboardInterrupt:
        print("\nstopped; the machine has ended")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.restore_drill", description=__doc__)
    kinds.add_options(parser)
    parser.add_argument("--local", action="append", default=[], help="a name that is this computer, for the machine")
    parser.add_argument("--trust", type=Path, help="a file of authorities that the machine and the proof trust too")
    parser.add_argument("--spoil", default="", metavar="SQL", help="run on the copy; the drill has to notice")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Live:
    """What the live server says: ``tables`` is the agent's (agent/tables.py); ``system`` such as "debian 13"."""

    release: str
    system: str
    sign_in_paths: tuple[str, ...]
    tables: Mapping[str, Any]


class Drill:
    def __init__(self, site: config.Site, secrets: Secrets, options: argparse.Namespace) -> None:
        if not site.backup_bucket or not secrets.backup.get(PASSPHRASE):
            raise SlipwayError(f"{site.path}: this site has no backups; `make cdn`, then `make deploy`")
        if "DATABASE_URL" in secrets.web:
            raise SlipwayError("the database is elsewhere: a drill proves what pgBackRest restores, and a dump is none")
        self.site, self.options = site, options
        key = {name: secrets.restorer.get(name, "") for name in AWS_PAIR}
        if not all(key.values()):
            raise SlipwayError("restorer in the secrets has no key, and the machine needs one to read; `make cdn`")
        # The server's own key never goes to the machine.
        self.secrets = replace(secrets, backup={**key, PASSPHRASE: secrets.backup[PASSPHRASE]})
        self.s3 = Identity(secrets.restorer).client("s3", site.region, site.endpoint, addressing=site.addressing)
        values = {each.name: getattr(site, each.name) for each in fields(config.Site)}
        self.copy = Copy(**values)
        self.directory = state.directory(self.copy)
        self.log = RunLog(self.directory / "log")
        self.evidence: dict[str, Any] = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "ok": False}

    def run(self) -> int:
        """The exit status. The page and, once the bucket can be asked, the evidence are written in any case."""
        machine = kinds.machine(self.options.machine, self.options.os, self.directory / "machine")
        machine.check()
        with Processes(self.directory / "log") as processes:
            try:
                self._drill(machine, processes)
            except SlipwayError as error:
                self.log.failure = str(error)
                print(f"slipway: {error}", file=sys.stderr, flush=True)
            finally:
                machine.stop()
        return self._conclude(machine)

    def _drill(self, machine: Machine, processes: Processes) -> None:
        log = self.log
        with log.phase("Mark a point in the live server's WAL, and hash its tables there"):
            live = self._ask(Connection(self.site))
        with log.phase("Find the backup, with the restorer's key"):
            generation = self._newest(live)
        with log.phase(f"Boot a bare {machine.release} machine: {machine.described}"):
            machine.prepare()
            machine.boot(processes)
        with log.phase("Give it the site's names and an authority for its certificate"):
            arguments = self._surround(machine, processes)
        with log.phase("Provision it, with the restorer's key and without archiving"):
            connection = self._provision(live)
        with lock.held(connection):
            with log.phase(f"Bring the release that serves: {live.release}"):
                self._bring(live.release, connection)
            with log.phase(f"Restore generation {generation} to {live.tables['name']}"):
                print(f"    {connection.agent('restore', generation, '--name', live.tables['name'])}")
            if self.options.spoil:
                with log.phase("Spoil the copy"):
                    line = [
                        "runuser",
                        "-u",
                        LAYOUT.site_user,
                        "--",
                        "psql",
                        "-Xqc",
                        self.options.spoil,
                        LAYOUT.database,
                    ]
                    connection.run(shlex.join(line))
            with log.phase("Hash the tables of the copy, before anything can write"):
                self._compare(live.tables, json.loads(connection.agent("tables")))
            with log.phase("Start the release on it, and prove it"):
                self._prove(live.release, connection, arguments)

    def _ask(self, connection: Connection) -> Live:
        host = facts.gather(connection, self.site)
        if not host.current:
            raise SlipwayError(f"{self.site.server}: no release serves yet; `make deploy`")
        if SYSTEMS.get(host.system) != self.options.os:
            wanted = SYSTEMS.get(host.system)
            then = f"OS={wanted}" if wanted else "and a machine of that is not made here"
            raise SlipwayError(f"{self.site.server} runs {host.system}, and its backups need the same: {then}")
        tables = json.loads(connection.agent("tables"))
        print(f"    {len(tables['tables'])} tables at {tables['lsn']}; writers waited {tables['waited']} ms")
        if not tables["archived"]:
            raise SlipwayError("the WAL with the point is not in the bucket after a minute; `make status` says why")
        self.evidence |= {
            "point": {name: tables[name] for name in ("name", "lsn", "time")},
            "release": host.current,
            "tables": len(tables["tables"]),
            "rows": sum(each["rows"] for each in tables["tables"].values()),
        }
        return Live(host.current, host.system, host.sign_in_paths, tables)

    def _newest(self, live: Live) -> str:
        found = listing.newest(self.s3, self.site.backup_bucket, self.secrets.backup[PASSPHRASE])
        if not found:
            raise SlipwayError(f"s3://{self.site.backup_bucket} has no finished backup; `make backup` makes one")
        print(f"    generation {found[0].name}, with WAL until {listing.shown(found[1])}")
        self.evidence["generation"] = found[0].name
        return found[0].name

    def _surround(self, machine: Machine, processes: Processes) -> list[str]:
        """Names, a proxy that the authority validates through, and the authority; returns the proof's arguments."""
        ports, authority = choose_ports(PORTS), Authority(self.directory / "tls")
        hosts = self.site.hosts
        routes = {f"{host}:{port}": machine.ports[port] for host in hosts for port in (80, 443)}
        proxy = [sys.executable, "-m", "rehearsal.proxy", "--port", str(ports["proxy"])]
        proxy += [f"{name}={port}" for name, port in routes.items()]
        processes.start("proxy", proxy, env=inherited(), cwd=ROOT, ready=[ports["proxy"]])
        acme.start(processes, self.directory, ports, authority.issue("acme", [ACME, "127.0.0.1"]), ports["proxy"])
        anchors = [authority.certificate.read_text(), acme.root(ports["acme_control"], authority.certificate)]
        anchors += [self.options.trust.read_text()] if self.options.trust else []
        names = f"{LOOPBACK} {' '.join([ACME, *self.options.local])}\n{machine.address} {' '.join(hosts)}\n"
        give(machine, names, anchors)
        values = {each.name: getattr(self.site, each.name) for each in fields(config.Site)}
        values |= {
            "server": ssh.HOST,
            "server_user": "root",
            "ssh_config": str(machine.ssh_config),
            "admin_keys": (machine.ssh_config.with_name("id_ed25519.pub").read_text().strip(),),
            "ci_key": "",
            # A copy sends no mail and takes no task.
            "schedule": (),
            "workers": (),
            "acme": f"https://{ACME}:{ports['acme']}/dir",
        }
        self.copy = Copy(**values)
        trusted = self.directory / "tls" / "trusted.pem"
        trusted.write_text("\n".join(anchors))
        return [*(f"--resolve={name}:127.0.0.1:{port}" for name, port in routes.items()), f"--ca={trusted}"]

    def _provision(self, live: Live) -> Connection:
        bare = reach(self.copy)
        host = facts.gather(bare, self.copy)
        planned = budget.plan(
            host.memory,
            host.cpus,
            workers=self.copy.gunicorn_workers,
            threads=self.copy.gunicorn_threads,
            shares=self.copy.memory,
        )
        wanted = inventory.write(self.copy, self.secrets, planned, live.sign_in_paths, archives=False)
        playbook.provision(self.copy, self.secrets, wanted)
        return Connection(self.copy)

    def _bring(self, release: str, connection: Connection) -> None:
        """Release, packages and record, as they are on the live server; its manifests for the proof."""
        top = LAYOUT.root
        pick = (
            f"cd {top} && tar -c releases/{release} "
            f"venvs/$(basename $(readlink releases/{release}/venv)) $(ls -d records/{release}*)"
        )
        _pipe(Connection(self.site).command(pick, alone=True), connection.command(f"tar -x -C {top}", alone=True))
        build = self.directory / "build"
        build.mkdir(exist_ok=True)
        manifests = Connection(self.site).command(f"tar -c -C {top}/releases/{release}/build manifests", alone=True)
        _pipe(manifests, ["tar", "-x", "-C", str(build)])

    def _compare(self, live: Mapping[str, Any], copy: Mapping[str, Any]) -> None:
        different = differences(live, copy)
        self.evidence["different"] = [name for name, _ in different]
        rows = sum(each["rows"] for each in live["tables"].values())
        same = f"{len(live['tables'])} tables, {rows:,} rows, at {live['lsn']} ({live['time']})"
        self.log.check(SAME, not different, "; ".join(f"{name}: {why}" for name, why in different) or same)
        if live["unread"]:
            self.log.skip("The tables of other roles", f"the site's role may not read {', '.join(live['unread'])}")

    def _prove(self, release: str, connection: Connection, arguments: Sequence[str]) -> None:
        # What the rehearsal gives the proof, apart from the names of the site itself.
        hosts = tuple(f"--resolve={host}:" for host in self.site.hosts)
        given = shlex.split(os.environ.get(run_proof.ARGUMENTS, ""))
        kept = [each for each in given if not each.startswith((*hosts, "--ca="))]
        os.environ[run_proof.ARGUMENTS] = shlex.join([*kept, *arguments])
        builder = SimpleNamespace(directory=self.directory / "build")
        what = "The release that serves runs on the copy, and the proof passes"
        with run_proof.Proof(self.copy, self.secrets, connection, builder) as proof:
            try:
                connection.agent("activate", release)
                proof.run()
            except SlipwayError as error:
                self.log.check(what, False, str(error))
            else:
                self.log.check(what, True, run_proof.report(self.copy).splitlines()[0])

    def _conclude(self, machine: Machine) -> int:
        log = self.log
        failed = [each.what for each in log.checks if each.passed is False]
        what = log.failure or "; ".join(failed) or "the newest backup is the site"
        self.evidence |= {
            "ok": log.passed,
            "what": what,
            "seconds": round(log.seconds),
            "machine": f"Debian {machine.release}, {machine.described}",
        }
        try:
            key = drills.put(self.s3, self.site.backup_bucket, self.evidence)
            print(f"  evidence  s3://{self.site.backup_bucket}/{key}")
        except Exception as error:  # botocore's own, of many classes
            log.failure = log.failure or f"the evidence cannot be written to the bucket: {error}"
        page = drill_report.write(self.directory, log, self.evidence, self.site.site_url)
        print(
            f"\n{'passed' if log.passed else 'failed'} after {log.seconds / 60:.1f} minutes: {what}\n"
            f"  report    {page.relative_to(ROOT)}\n  logs      {log.logs.relative_to(ROOT)}",
            flush=True,
        )
        return 0 if log.passed else 1


def differences(live: Mapping[str, Any], copy: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each table or sequence that is not the same, with why; both are what the agent's `tables` prints."""
    found = []
    for name, wanted in live["tables"].items():
        has = copy["tables"].get(name)
        if has is None:
            found.append((name, "is missing in the copy"))
        elif has["rows"] != wanted["rows"]:
            found.append((name, f"{has['rows']:,} rows in the copy, {wanted['rows']:,} on the live server"))
        elif has["hash"] != wanted["hash"]:
            found.append((name, f"{wanted['rows']:,} rows on both sides, with other values"))
    found += [(name, "is in the copy alone") for name in copy["tables"] if name not in live["tables"]]
    for name, position in live["sequences"].items():
        if copy["sequences"].get(name, position - 1) < position:
            found.append((name, "the sequence is behind: it would give numbers that are in use"))
    return found


def _pipe(source: Sequence[str], target: Sequence[str]) -> None:
    """Raises SlipwayError when either end fails."""
    with subprocess.Popen(source, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as sending:
        received = subprocess.run(target, stdin=sending.stdout, capture_output=True, check=False)
        sending.stdout.close()
    if sending.returncode or received.returncode:
        raise SlipwayError(
            f"the release cannot be copied: {received.stderr.decode(errors='replace').strip() or source}"
        )


if __name__ == "__main__":
    sys.exit(main())
