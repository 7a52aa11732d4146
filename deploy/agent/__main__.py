"""`slipway COMMAND …` on the host."""

import argparse
import errno
import json
import os
import signal
import sys

from agent import (
    activate,
    alarms,
    backup,
    check,
    ci,
    db,
    drift,
    exceptions,
    facts,
    jobs,
    locks,
    logs,
    maintenance,
    migrate,
    move,
    moving,
    password,
    receive,
    releases,
    restore,
    scheduled,
    slot,
    status,
    tables,
    upgrades,
)
from agent.paths import ROOT, HostError, prepare
from agent.processes import printable


def main() -> int:
    # A dropped connection must not stop a switch half-way.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    argv = sys.argv[1:]
    try:
        if argv[:1] == [ci.COMMAND]:
            argv = ci.permitted(" ".join(argv[1:]))
        options = arguments(argv)
        # The backup's unit cannot see the releases.
        if getattr(options, "run", None) is None:
            prepare()
        result = run(options)
    except HostError as error:
        print(f"slipway: {printable(str(error))}", file=sys.stderr)
        return ci.DENIED if isinstance(error, ci.Denied) else 1
    except OSError as error:
        print(f"slipway: {error.filename or ROOT} on the server: {error.strerror}{_advice(error)}", file=sys.stderr)
        return 1
    if result is not None:
        print(result if isinstance(result, str) else json.dumps(result))
    return 0


def _advice(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "; make room there (`df -h`, `du -xh / | sort -h | tail`), and run the same command again" if full else ""


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="slipway", description="Slipway's releases on this host.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("hold", help="hold the deploy lock until stdin ends").add_argument("holder")
    commands.add_parser("unlock", help="end a stale deploy lock")
    receiving = commands.add_parser("receive", help="take a release in, from a tar on stdin")
    for name in ("release", "sha256", "lock"):
        receiving.add_argument(name)
    applied = commands.add_parser("applied", help="list the migrations that are applied")
    applied.add_argument("--by-django", action="store_true", help="ask the release's code, and not psql")
    for command, text in (
        ("migrate", "bring the database up to a release"),
        ("check", "health-check a release in a throwaway process"),
        ("activate", "switch to a release"),
    ):
        commands.add_parser(command, help=text).add_argument("release")
    back = commands.add_parser("rollback", help="switch back to an earlier release")
    back.add_argument("release", nargs="?", default="")
    commands.add_parser("releases", help="list the releases, as JSON")
    commands.add_parser("prune", help="remove all but some").add_argument("keep", type=int)
    restoring = commands.add_parser("restore", help="restore the database from its backups")
    restoring.add_argument("generation", nargs="?", default="")
    for name in ("path", "time", "name", "backup"):
        restoring.add_argument(f"--{name}", default="")
    restoring.add_argument("--back", action="store_true", help="take the database of before the last restore")
    managing = commands.add_parser("manage", help="run a management command of the release that serves")
    managing.add_argument("words", nargs=argparse.REMAINDER)
    using = commands.add_parser("db", help="psql, a dump to stdout, or a load from stdin, of the site's database")
    using.add_argument("action", choices=("psql", "dump", "load"))
    using.add_argument("--without", action="append", default=[], help="a table whose rows a dump leaves out")
    commands.add_parser("tables", help="mark a point of the database, and hash each table there, as JSON")
    backing = commands.add_parser("backup", help="let the backup's unit make one, and wait for it")
    backing.add_argument("kind", nargs="?", default="", choices=["", "full", "diff"])
    backing.add_argument("--point", default="", help="name a restore point that is made after it")
    backing.add_argument("--run", type=int, help=argparse.SUPPRESS)
    upgrading = commands.add_parser("upgrades", help="let what upgrades installed take effect")
    upgrading.add_argument("action", choices=("restart", "reboot"))
    listing = commands.add_parser("jobs", help="the jobs of site.yml, as JSON, or run one of them now")
    listing.add_argument("name", nargs="?", default="")
    job = commands.add_parser("job", help="what a job's unit calls")
    job.add_argument("action", choices=("begin", "end", "yield"))
    job.add_argument("name", nargs="?", default="")
    closing = commands.add_parser("maintenance", help="whether each visitor gets the 503 page, as JSON")
    closing.add_argument("action", nargs="?", default="", choices=["", "on", "off"])
    commands.add_parser("password", help="give the site's role, in a database elsewhere, its next password")
    commands.add_parser("status", help="how the host is, as JSON")
    commands.add_parser("alarm", help="send a test to each receiver of alarms, and print why one takes none, as JSON")
    reading = commands.add_parser("logs", help="print what the site, nginx and PostgreSQL write")
    reading.add_argument("name", nargs="?", default="")
    reading.add_argument("--lines", type=int, default=50)
    reading.add_argument("--follow", action="store_true")
    reading.add_argument("--errors", action="store_true", help="the last exceptions, each whole")
    commands.add_parser("follow", help="print each request that arrives, as nginx logs it, until the reader goes away")
    commands.add_parser("record", help="save the host's state").add_argument("fingerprint")
    commands.add_parser("drift", help="what has changed since, as JSON")
    asking = commands.add_parser("facts", help="what a deploy must know of the host")
    asking.add_argument("names", nargs="*", help="host names to look up")
    stepping = commands.add_parser("move", help="a step of a move to another server")
    stepping.add_argument("step", choices=moving.STEPS)
    stepping.add_argument("arguments", nargs="*")
    commands.add_parser(ci.COMMAND, help="run what CI's key asked for, if it is permitted").add_argument("line")
    return parser.parse_args(argv)


def run(options: argparse.Namespace) -> object:
    """What a command prints, if anything: text, or what becomes JSON."""
    match options.command:
        case "hold":
            locks.hold(options.holder, os.environ.get("SLIPWAY_CHECKOUT", ""))
            return slot.resume()
        case "unlock":
            ended = locks.unlock()
            slot.resume()
            return ended
        case "releases":
            return releases.listing()
        case "manage":
            return jobs.interactive(releases.current(), options.words)
        case "tables":
            return tables.marked()
        case "db" if options.action == "psql":
            return db.psql()
        case "db" if options.action == "dump":
            return db.dump(options.without)
        case "status":
            return status.status()
        case "alarm":
            return alarms.attempt()
        case "jobs":
            return scheduled.run(options.name) if options.name else scheduled.listing()
        case "job" if options.action == "begin":
            sys.exit(scheduled.begin(options.name))
        case "job" if options.action == "end":
            return scheduled.end(options.name)
        case "job":
            return slot.make_way()
        case "maintenance" if not options.action:
            return maintenance.state()
        case "backup" if options.run is not None:
            return backup.run(options.run)
        case "backup":
            return backup.ask(options.kind, options.point)
        case "upgrades" if options.action == "restart":
            return upgrades.restart()
        case "upgrades":
            return upgrades.reboot()
        case "logs" if options.errors:
            return exceptions.show(options.lines)
        case "logs":
            return logs.logs(options.name, options.lines, options.follow)
        case "follow":
            return logs.follow()
        case "move" if options.step in move.READS:
            return move.READS[options.step](*options.arguments)
        case "facts":
            return facts.facts(options.names)
        case "drift":
            return drift.compare()
        case "record":
            return "recorded" if drift.save(options.fingerprint) else "nothing new"
    with locks.step(options.command):
        # Whoever closes the site need not wait for a deploy.
        if options.command not in ("applied", "maintenance"):
            # In the environment: an agent of an earlier version ignores it there.
            locks.fence(os.environ.get("SLIPWAY_LOCK", ""))
        match options.command:
            case "receive":
                return receive.receive(options.release, options.sha256, options.lock, sys.stdin.buffer)
            case "applied":
                return migrate.applied(releases.current(), by_django=options.by_django)
            case "migrate":
                return migrate.migrate(options.release)
            case "check":
                return check.check(options.release)
            case "activate":
                return activate.activate(options.release)
            case "rollback":
                return activate.rollback(options.release)
            case "db":
                return db.load(sys.stdin.buffer)
            case "maintenance":
                return maintenance.on() if options.action == "on" else maintenance.off()
            case "password":
                return password.change()
            case "prune":
                return {"removed": releases.prune(options.keep), "left": releases.ids()}
            case "move":
                return move.CHANGES[options.step](*options.arguments)
            case "restore" if options.back:
                return restore.back()
            case "restore":
                return restore.restore(
                    options.generation,
                    path=options.path,
                    time=options.time,
                    point=options.name,
                    backup=options.backup,
                )
    return None


if __name__ == "__main__":
    sys.exit(main())
