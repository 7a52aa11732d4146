"""What a hardened host answers: each check is a command of root's and a pattern of its whole output."""

import re
import shlex
from collections.abc import Callable, Collection

HTTP_REQUEST = (
    "exec 3<>/dev/tcp/127.0.0.1/80;"
    " printf 'GET / HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' HOST >&3; head -c 12 <&3 2>/dev/null"
)
SANDBOX = "systemd-analyze security {} --no-pager | grep -o 'level for.*'"
# Checks a short-lived unit by stopping it: the command that starts it, and the name of its unit.
WHILE_RUNNING = (
    "({0}) > /dev/null 2>&1 & for tried in $(seq 300); do"
    " unit=$(systemctl list-units --plain --no-legend --state=active '{1}' | cut -d' ' -f1);"
    ' test -n "$unit" && break; sleep 0.1; done; systemctl kill --signal=STOP "$unit"; '
    + SANDBOX.format("$unit")
    + "; systemctl stop $unit"
)
SHELL = WHILE_RUNNING.format("sleep 60 | slipway manage shell --command 'input()'", "slipway-shell-*.service")
JOB = WHILE_RUNNING.format("slipway applied --by-django", "slipway-migrations.service")
# The agent's own functions, without the lock that a deploy would hold.
AGENT = 'PYTHONPATH=$(command -v slipway) python3 -c "from pathlib import Path; from agent import bytecode, check; {}"'
CHECK = WHILE_RUNNING.format(
    AGENT.format("check.check('$(basename $(readlink /srv/slipway/current))')"), "slipway-check.service"
)
# The compiler is done at once: a named pipe in place of a module keeps it waiting.
BYTECODE = (
    "folder=$(mktemp -d -p /srv/slipway); chmod 755 $folder; mkfifo -m 644 $folder/module.py; "
    + WHILE_RUNNING.format(
        AGENT.format("bytecode.add(Path('$folder'), '.', final_path=Path('$folder'))"), "slipway-bytecode.service"
    )
    + "; rm -r $folder"
)
POSTGRESQL = "$(systemctl list-units --plain --no-legend 'postgresql@*.service' | cut -d' ' -f1)"
CONFINED = r"level for \S+: ([01]\.\d|2\.0) .*"
CHECKS = {
    "SSH accepts keys only": (
        "sshd -T | grep -cxE '(passwordauthentication|permitrootlogin|kbdinteractiveauthentication|permitemptypasswords"
        "|x11forwarding|allowagentforwarding) no|maxauthtries [1-3]|logingracetime 30|loglevel VERBOSE"
        "|allowusers deploy'",
        "10",
    ),
    "SSH offers neither CBC nor SHA-1": ("sshd -T | grep -cE 'sha1([^0-9]|$)|-cbc'", "0"),
    "Only SSH, HTTP and HTTPS are public": (
        "ss -HltnO | awk '{print $4}' | grep -v 127.0.0 | sed 's/.*://' | sort -nu | xargs",
        "22 80 443",
    ),
    "The firewall drops everything else": ("nft list table inet slipway | grep -c 'policy drop'", "2"),
    "Swap is on": ("swapon --show=NAME --noheadings", "/swapfile"),
    "It has booted a kernel of its own": ("systemd-detect-virt --container", "none"),
    "The site is slowed before it is killed for memory, and has its share of swap": (
        "cat /sys/fs/cgroup/system.slice/slipway.service/memory.{high,max,swap.max} | grep -cx '[0-9]*'",
        "3",
    ),
    "Security upgrades are automatic": ("unattended-upgrade --dry-run; echo $?", "0"),
    "The kernel is set": (
        "sysctl -n net.ipv4.conf.all.rp_filter net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.send_redirects"
        " net.ipv4.conf.all.accept_source_route net.ipv4.tcp_syncookies kernel.randomize_va_space"
        " fs.protected_hardlinks fs.protected_symlinks | xargs",
        "1 0 0 0 1 2 1 1",
    ),
    "nginx serves no file but ACME's challenges": (
        "nginx -T 2>/dev/null | grep -E '^ *(root|alias|try_files|proxy_cache)' | xargs",
        "root /var/lib/slipway/acme;",
    ),
    "nginx's workers are not root": ("ps -o user= -C nginx | sort -u | xargs", "root www-data"),
    "HTTP redirects to HTTPS": (HTTP_REQUEST.replace("HOST", "$site"), r"HTTP/1\.1 301"),
    "A request for another name is closed": (HTTP_REQUEST.replace("HOST", "elsewhere.test"), ""),
    "nginx is confined": (SANDBOX.format("nginx"), r"level for nginx.service: [0-2]\..*"),
    "The site is confined": (SANDBOX.format("slipway"), CONFINED),
    "A release's jobs are confined too": (JOB, CONFINED),
    "`make shell` is confined too": (SHELL, CONFINED),
    "The health check of a release is confined too": (CHECK, CONFINED),
    "The compiler of a release's modules is confined too": (BYTECODE, CONFINED),
    "The disk watch is confined": (SANDBOX.format("slipway-disk"), r"level for \S+: [0-2]\..*"),
    "The certificate's renewal is confined": (SANDBOX.format("slipway-certificate"), r"level for \S+: [0-2]\..*"),
    "What archives WAL is confined": (SANDBOX.format("slipway-archive@1.service"), CONFINED),
    "PostgreSQL is confined": (SANDBOX.format(POSTGRESQL), r"level for \S+: [0-2]\..*"),
    "The site cannot reach the cloud's metadata service": (
        "systemctl show --property=IPAddressDeny --value slipway.service | tr ' ' '\\n' | sort | xargs",
        "169.254.0.0/16 fd00:ec2::254/128",
    ),
    "The site cannot write its own code": (
        "runuser -u slipway -- find -L /srv/slipway/current -writable -not -type l | wc -l",
        "0",
    ),
    "Only root can read the site's secrets": ("stat -c '%U %a' /etc/slipway/site.env", "root 600"),
    "Only root and pgBackRest can read the key of the backups": (
        "stat -c '%U %G %a' /etc/slipway/pgbackrest.conf",
        "root postgres 640",
    ),
    "PostgreSQL cannot, though it is the same user": (
        "nsenter --mount --target=$(head -1 /var/lib/postgresql/*/main/postmaster.pid)"
        " runuser -u postgres -- cat /etc/slipway/pgbackrest.conf",
        r"cat: .*: Permission denied",
    ),
    "The database's role has no privileges over others": (
        "runuser -u postgres -- psql -Atc"
        " \"select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = 'slipway'\"",
        r"f\|f\|f",
    ),
    "PostgreSQL is the last to be killed for memory": (
        "cat /proc/$(head -1 /var/lib/postgresql/*/main/postmaster.pid)/oom_score_adj",
        "-900",
    ),
    "PostgreSQL has a reserve for a full disk": ("test -s /var/lib/slipway/reserve && echo yes", "yes"),
    "PostgreSQL may use the blocks reserved for root": (
        "findmnt --noheadings --output=FS-OPTIONS --target /var/lib/postgresql | grep -c resgid",
        "1",
    ),
    "No unit has failed": ("systemctl --failed --no-legend", ""),
}
# Checks that need a kernel of the machine's own. (A container's root may not lower a process's score, cgroup version 1
# has neither MemoryHigh nor a swap limit, and slipway-disk remounts nothing in a container.)
NEED_KERNEL = (
    "Swap is on",
    "It has booted a kernel of its own",
    "The site is slowed before it is killed for memory, and has its share of swap",
    "The kernel is set",
    "PostgreSQL is the last to be killed for memory",
    "PostgreSQL may use the blocks reserved for root",
)
MARK = "-- "


def failed_checks(run: Callable[[str], str], site: str, skipped: Collection[str] = ()) -> dict[str, str]:
    """The checks that failed, each with its output; ``skipped`` are not run.

    ``run`` runs a bash script as root on the host; ``site`` is the name of its site, like www.example.com.
    """
    checks = {what: check for what, check in CHECKS.items() if what not in skipped}
    # One connection for all, each in a subshell, in a folder that any user may read.
    printed = run(
        f"cd /; site={shlex.quote(site)}\n"
        + "".join(f"echo '{MARK}{at}'\n({command}) 2>&1\necho\n" for at, (command, _) in enumerate(checks.values()))
    )
    answers = dict(re.findall(rf"^{MARK}(\d+)\n(.*?)(?=^{MARK}|\Z)", printed, re.M | re.S))
    output = {what: answers.get(str(at), "no answer").strip() for at, what in enumerate(checks)}
    return {what: output[what] for what, (_, wanted) in checks.items() if not re.fullmatch(wanted, output[what])}
