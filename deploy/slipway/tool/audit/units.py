"""`systemd-analyze security` of each unit of ours, and of nginx and PostgreSQL."""

import re

from slipway.tool.audit import Verdict, judged
from slipway.tool.server.connection import Connection
from slipway.tool.server.layout import LAYOUT

# The most exposure that is accepted, of 10; the first pattern that fits.
LIMITS = (
    (r"slipway(-overlap|-job-.*|-worker-.*|-archive@.*)?\.service", 2.0),
    (r"slipway.*\.service", 2.9),
    (r"postgresql@.*\.service", 2.9),
    (r"nginx\.service", 5.0),
)
# What only calls systemd has nothing to confine: its programs are other units'.
CALLS_SYSTEMD = (LAYOUT.restart_unit,)
SCRIPT = """for unit in $({ systemctl list-unit-files --no-legend 'slipway*.service' | cut -d' ' -f1 | sed 's/@\\./@1./'
systemctl list-units --plain --no-legend 'postgresql@*.service' nginx.service | cut -d' ' -f1; } | sort -u)
do echo "$unit $(systemd-analyze security --no-pager "$unit" | grep -oE 'level for .*: [0-9.]+' | grep -oE '[0-9.]+$')"
done"""


def judge(connection: Connection) -> Verdict:
    return verdict(connection.run(SCRIPT))


def verdict(printed: str) -> Verdict:
    """``printed``: a line with name and exposure for each unit."""
    findings, most = [], {}
    for line in printed.splitlines():
        name, _, level = line.partition(" ")
        limit = next((limit for pattern, limit in LIMITS if re.fullmatch(pattern, name)), None)
        if name in CALLS_SYSTEMD or limit is None:
            continue
        most[name] = level
        if not level or float(level) > limit:
            findings.append(f"{name}: exposure {level or 'unknown'}, more than {limit}")
    if not most:
        findings.append("no unit was found")
    return judged("systemd-analyze security", findings, ", ".join(f"{name} {level}" for name, level in most.items()))
