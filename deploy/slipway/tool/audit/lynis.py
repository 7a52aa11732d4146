"""Lynis: the hardening index, and no suggestion but those for which lynis.md beside this file has a reason."""

import re
from pathlib import Path

from slipway.tool.audit import FAILED, NOT_CHECKED, PASSED, Verdict, borrowed
from slipway.tool.server.connection import Connection

INDEX = 75
# Modules that the kernel of a container's host loads or not.
OF_KERNEL = {"USB-1000", "STRG-1846", "NETW-3200"}
REASONS = Path(__file__).with_name("lynis.md")
COMMAND = """cd "$folder/usr/share/lynis" && cp -r ../../sbin/lynis "$folder/etc/lynis/plugins" . &&
./lynis audit system --quick --no-colors --profile "$folder/etc/lynis/default.prf" \
    --report-file "$folder/report" --log-file "$folder/log" > "$folder/output" 2>&1 || tail -n 1 "$folder/output" >&2
cat "$folder/report"
"""


def judge(connection: Connection, *, own_kernel: bool = True) -> Verdict:
    return verdict(borrowed.run(connection, ["lynis"], COMMAND), own_kernel=own_kernel)


def verdict(report: str, *, own_kernel: bool = True) -> Verdict:
    """Of Lynis' report file: https://cisofy.com/documentation/lynis/#report

    Without a kernel of its own a server cannot pass: the index counts what it may not set.
    """
    index = int((re.search(r"^hardening_index=(\d+)$", report, re.M) or [0, 0])[1])
    found = re.findall(r"^(?:suggestion|warning)\[\]=([A-Z]+-?\d*)\|([^|\n]*)", report, re.M)
    explained = reasons() | (set() if own_kernel else OF_KERNEL)
    open_ones = [f"{test}: {text}" for test, text in dict(found).items() if test not in explained]
    if not index:
        return Verdict("lynis", NOT_CHECKED, "it gave no index")
    low = [f"the hardening index is {index}, less than {INDEX}"] if index < INDEX and own_kernel else []
    state = FAILED if low or open_ones else PASSED if own_kernel else NOT_CHECKED
    container = "" if own_kernel else ", in a container, where the kernel is not its own"
    return Verdict("lynis", state, f"index {index}{container}; {len(dict(found))} suggestions", (*low, *open_ones))


def reasons() -> set[str]:
    """The tests of the table: ``AUTH-9230, 9262`` are two."""
    tests = set()
    for cell in re.findall(r"^\| ([A-Z][^|]*?) \|", REASONS.read_text(), re.M):
        group = ""
        for each in cell.split(", "):
            group = each.rpartition("-")[0] or group
            tests.add(each if "-" in each or not group else f"{group}-{each}")
    return tests
