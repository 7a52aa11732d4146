"""What listens on the server: SSH and nginx to everybody, all else to the server itself."""

from slipway.tool.audit import Verdict, judged
from slipway.tool.server.connection import Connection

PUBLIC = ("nginx", "sshd")
SCRIPT = "ss --no-header --listening --numeric --tcp --udp --processes"
LOCAL = ("127.", "[::1]", "[::ffff:127.")
# A DHCP client's reply, and neighbours'; the firewall lets nothing else in.
IGNORED = ("systemd-network", "dhclient", "dhcpcd", "systemd-timesyn", "NetworkManager")


def judge(connection: Connection) -> Verdict:
    return verdict(connection.run(SCRIPT))


def verdict(printed: str) -> Verdict:
    """Of ss: https://man7.org/linux/man-pages/man8/ss.8.html"""
    findings, public = [], set()
    for line in printed.splitlines():
        fields = line.split()
        address, process = fields[4], line.partition('users:(("')[2].partition('"')[0]
        if address.startswith(LOCAL) or "%lo:" in address or process in IGNORED:
            continue
        if process in PUBLIC or (process == "systemd" and address.endswith(":22")):
            public.add(f"{process} {address.rpartition(':')[2]}")
        else:
            findings.append(f"{process or 'a process'} listens on {address} ({fields[0]})")
    return judged("ss", findings, f"public: {', '.join(sorted(public)) or 'nothing'}")
