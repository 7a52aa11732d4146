"""`make audit`: public judges and our own checks, on the deployed server; nothing is installed there."""

import argparse
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from slipway import ROOT
from slipway.tool import audit, config
from slipway.tool.audit import FAILED, NOT_CHECKED, PASSED, Verdict, django, gixy, host, lynis, packages, ports, testssl
from slipway.tool.audit import units as unit_files
from slipway.tool.requirements import files
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

help = "judge the deployed server by testssl.sh, Lynis, gixy, systemd-analyze, check --deploy, pip-audit and ss"
# Where `make audit` installs what runs here; it belongs to no release.
PROGRAMS = ROOT / ".venv-audit" / "bin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", help="a judge's name, such as lynis")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 when a judge found something, 2 when one could not judge."""
    site = config.load()
    connection = Connection(site)
    own_kernel = connection.run("systemd-detect-virt --container || true").strip() == "none"
    judges = _judges(site, connection, own_kernel=own_kernel)
    chosen = {name: judge for name, judge in judges.items() if options.only in ("", name)}
    if not chosen:
        raise SlipwayError(f"ONLY={options.only}: no such judge; known: {', '.join(judges)}")
    verdicts = [_verdict(name, judge) for name, judge in chosen.items()]
    states = {each.state for each in verdicts}
    return 1 if FAILED in states else 2 if NOT_CHECKED in states else 0


def _judges(site: config.Site, connection: Connection, *, own_kernel: bool) -> dict[str, Callable[[], Verdict]]:
    return {
        "our own checks": lambda: _own(connection, site.host, own_kernel),
        "ss": lambda: ports.judge(connection),
        "systemd-analyze security": lambda: unit_files.judge(connection),
        "check --deploy": lambda: django.judge(connection),
        "gixy": lambda: gixy.judge(connection, PROGRAMS),
        "pip-audit": lambda: packages.judge(PROGRAMS, _locks(connection)),
        "testssl.sh": lambda: testssl.judge(connection, site),
        "lynis": lambda: lynis.judge(connection, own_kernel=own_kernel),
    }


def _own(connection: Connection, site: str, own_kernel: bool) -> Verdict:
    skipped = () if own_kernel else host.NEED_KERNEL
    wrong = host.failed_checks(lambda script: connection.run(f"bash -c {shlex.quote(script)}"), site, skipped)
    findings = [f"{what}: {' '.join(output.split()) or 'nothing'}" for what, output in wrong.items()]
    passed = f"{len(host.CHECKS) - len(skipped) - len(wrong)} checks pass"
    if skipped and not findings:
        left = f"{passed}; in a container, whose kernel is not its own, {len(skipped)} are not asked"
        return Verdict("our own checks", NOT_CHECKED, left, skipped)
    return audit.judged("our own checks", findings, passed)


def _locks(connection: Connection) -> list[Path]:
    """The lock files of the server's Python, and of this machine."""
    python = connection.run("python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'").strip()
    return [files.locked(f"web-{python}"), files.locked("deploy")]


def _verdict(name: str, judge: Callable[[], Verdict]) -> Verdict:
    """Prints it as it comes; a judge that cannot be asked is one that did not check."""
    began = time.monotonic()
    print(f"  {name:25}", end="", flush=True)
    try:
        verdict = judge()
    except SlipwayError as error:
        verdict = Verdict(name, NOT_CHECKED, str(error))
    mark = {PASSED: "ok", FAILED: "FAILED", NOT_CHECKED: "NOT CHECKED"}[verdict.state]
    print(f"{mark:12} {verdict.result} ({time.monotonic() - began:.1f} s)")
    for detail in verdict.details:
        print(f"      {detail}")
    return verdict
