"""`slipway VERB …` on the host."""

import argparse
import errno
import json
import os
import signal
import sys

from agent import activate, check, ci, drift, facts, jobs, locks, logs, migrate, receive, releases, status
from agent.paths import ROOT, HostError, prepare
from agent.processes import printable


def main() -> int:
    # A connection that drops must not end a switch half-way.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    given = sys.argv[1:]
    try:
        if given[:1] == [ci.VERB]:
            given = ci.permitted(" ".join(given[1:]))
        options = arguments(given)
        prepare()
        said = run(options)
    except HostError as error:
        print(f"slipway: {printable(str(error))}", file=sys.stderr)
        return ci.DENIED if isinstance(error, ci.Denied) else 1
    except OSError as error:
        print(f"slipway: {error.filename or ROOT} on the server: {error.strerror}{_advice(error)}", file=sys.stderr)
        return 1
    if said is not None:
        print(said if isinstance(said, str) else json.dumps(said))
    return 0


def _advice(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "; make room there (`df -h`, `du -xh / | sort -h | tail`), and run the same command again" if full else ""


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="slipway", description="Slipway's releases on this host.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("hold", help="hold the deploy lock until stdin ends").add_argument("holder")
    verbs.add_parser("unlock", help="end a stale deploy lock")
    receiving = verbs.add_parser("receive", help="take a release in, from a tar on stdin")
    for name in ("release", "sha256", "lock"):
        receiving.add_argument(name)
    verbs.add_parser("applied", help="list the migrations that are applied")
    for verb, text in (
        ("migrate", "bring the database up to a release"),
        ("check", "let a throwaway process of a release answer"),
        ("activate", "let a release serve"),
    ):
        verbs.add_parser(verb, help=text).add_argument("release")
    back = verbs.add_parser("rollback", help="let an earlier release serve")
    back.add_argument("release", nargs="?", default="")
    verbs.add_parser("releases", help="list the releases, as JSON")
    verbs.add_parser("prune", help="remove all but some").add_argument("keep", type=int)
    managing = verbs.add_parser("manage", help="run a management command of the release that serves")
    managing.add_argument("words", nargs=argparse.REMAINDER)
    verbs.add_parser("status", help="how the host is, as JSON")
    reading = verbs.add_parser("logs", help="print what the site, nginx and PostgreSQL write")
    reading.add_argument("name", nargs="?", default="")
    reading.add_argument("--lines", type=int, default=50)
    reading.add_argument("--follow", action="store_true")
    verbs.add_parser("follow", help="print each request that arrives, as nginx logs it, until nobody reads")
    verbs.add_parser("record", help="keep how the host is now").add_argument("fingerprint")
    verbs.add_parser("drift", help="what is otherwise since, as JSON")
    asking = verbs.add_parser("facts", help="what a deploy must know of the host")
    asking.add_argument("names", nargs="*", help="host names to look up")
    verbs.add_parser(ci.VERB, help="run what the key of CI asks for, if it may").add_argument("line")
    return parser.parse_args(given)


def run(options: argparse.Namespace) -> object:
    """What a verb has to say, if anything."""
    match options.verb:
        case "hold":
            return locks.hold(options.holder, os.environ.get("SLIPWAY_CHECKOUT", ""))
        case "unlock":
            return locks.unlock()
        case "releases":
            return releases.listing()
        case "manage":
            return jobs.attend(releases.current(), options.words)
        case "status":
            return status.status()
        case "logs":
            return logs.logs(options.name, options.lines, options.follow)
        case "follow":
            return logs.follow()
        case "facts":
            return facts.facts(options.names)
        case "drift":
            return drift.compare()
        case "record":
            return "recorded" if drift.save(options.fingerprint) else "nothing new"
    with locks.step(options.verb):
        if options.verb != "applied":
            # Through the environment, which an agent of an earlier version lets pass.
            locks.fence(os.environ.get("SLIPWAY_LOCK", ""))
        match options.verb:
            case "receive":
                return receive.receive(options.release, options.sha256, options.lock, sys.stdin.buffer)
            case "applied":
                return migrate.applied(releases.current())
            case "migrate":
                return migrate.migrate(options.release)
            case "check":
                return check.check(options.release)
            case "activate":
                return activate.activate(options.release)
            case "rollback":
                return activate.rollback(options.release)
            case "prune":
                return releases.prune(options.keep)
    return None


if __name__ == "__main__":
    sys.exit(main())
