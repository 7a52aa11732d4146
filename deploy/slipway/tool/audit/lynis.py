"""Lynis: the hardening index, and no suggestion but those for which lynis.md beside this file has a reason."""

import re
from pathlib import Path

from slipway.tool.audit import FAILED, PASSED, Verdict, borrowed
from slipway.tool.server.connection import Connection

INDEX = 75
REASONS = Path(__file__).with_name("lynis.md")
COMMAND = """cd "$folder/usr/share/lynis" && cp ../../sbin/lynis . &&
./lynis audit system --quick --no-colors --profile "$folder/etc/lynis/default.prf" \
    --report-file "$folder/report" --log-file "$folder/log" > "$folder/output" 2>&1 || tail -n 1 "$folder/output" >&2
cat "$folder/report"
"""


def judge(connection: Connection) -> Verdict:
    return verdict(borrowed.run(connection, ["lynis"], COMMAND))


def verdict(report: str) -> Verdict:
    """Of Lynis' report file: https://cisofy.com/documentation/lynis/#report"""
    index = int((re.search(r"^hardening_index=(\d+)$", report, re.M) or [0, 0])[1])
    found = re.findall(r"^(?:suggestion|warning)\[\]=([A-Z]+-?\d*)\|([^|\n]*)", report, re.M)
    explained = reasons()
    open_ones = [f"{test}: {text}" for test, text in dict(found).items() if test not in explained]
    low = [f"the hardening index is {index}, less than {INDEX}"] if index < INDEX else []
    state = FAILED if low or open_ones else PASSED
    return Verdict("lynis", state, f"index {index}; {len(dict(found))} suggestions", (*low, *open_ones))


def reasons() -> set[str]:
    """The tests of the table: ``AUTH-9230, 9262`` are two."""
    tests = set()
    for cell in re.findall(r"^\| ([A-Z][^|]*?) \|", REASONS.read_text(), re.M):
        group = ""
        for each in cell.split(", "):
            group = each.rpartition("-")[0] or group
            tests.add(each if "-" in each or not group else f"{group}-{each}")
    return tests
