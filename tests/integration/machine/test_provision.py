"""What provision.yml makes of a bare Debian, on a machine of its own. The tests play in the order they stand in."""

import re
import socket
import subprocess

import pytest

pytestmark = pytest.mark.rehearsal

DRIFTS = {
    "Write nginx's configuration": "echo '# mine' >> /etc/nginx/nginx.conf",
    "Write nginx's sandbox and its share of the memory": (
        "sed -i s/MemoryMax=.*/MemoryMax=1G/ /etc/systemd/system/nginx.service.d/slipway.conf"
    ),
    "Set the kernel as it is written": "sysctl --quiet --write net.ipv4.conf.all.rp_filter=0",
    "Put the written rules in force": "nft add rule inet slipway input tcp dport 9999 accept",
    "Ensure the base packages are installed": "apt-get -qq remove unattended-upgrades",
}
# What a repaired file leads to.
HANDLERS = {"Restart nginx", "Reload nginx"}

# Command on the host, and what all of its output must match.
STATE = {
    "ssh": (
        "sshd -T | grep -xE '(passwordauthentication|permitrootlogin|kbdinteractiveauthentication|permitemptypasswords"
        "|x11forwarding|allowagentforwarding) no|maxauthtries 3|logingracetime 30|loglevel VERBOSE' | wc -l",
        "9",
    ),
    "no CBC or SHA-1 in SSH": ("sshd -T | grep -cE 'sha1([^0-9]|$)|-cbc' || true", "0"),
    "swap": ("swapon --show=NAME --noheadings", "/swapfile"),
    "public ports": ("ss -HltnO | awk '{print $4}' | grep -v 127.0.0 | sed 's/.*://' | sort -nu | xargs", "22 80 443"),
    "firewall": ("nft list table inet slipway | grep -c 'policy drop'", "2"),
    "upgrades": ("unattended-upgrade --dry-run; echo $?", "0"),
    "nginx's sandbox": (
        "systemd-analyze security nginx --no-pager | grep -o 'level for.*'",
        r"level for nginx.service: [0-4]\..*",
    ),
    "nginx's workers": ("ps -o user= -C nginx | sort -u | xargs", "root www-data"),
    "nginx's only root": (
        "nginx -T 2>/dev/null | grep -E '^ *(root|alias|try_files|proxy_cache)' | xargs",
        "root /var/lib/slipway/acme;",
    ),
    "PostgreSQL's role": (
        "sudo -u postgres psql -Atc"
        " \"select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = 'slipway'\"",
        r"f\|f\|f",
    ),
    "PostgreSQL's OOM score": ("cat /proc/$(head -1 /var/lib/postgresql/*/main/postmaster.pid)/oom_score_adj", "-900"),
    "no unit has failed": ("systemctl --failed --no-legend", ""),
}


def test_a_second_run_changes_nothing(host):
    assert host.first
    assert host.play() == []


def test_a_dry_run_works_and_finds_nothing(host):
    assert host.play("--check") == []


@pytest.mark.parametrize("what", STATE)
def test_the_host_is_hardened(what, host):
    command, wanted = STATE[what]
    assert re.fullmatch(wanted, host.run(command).strip())


def test_root_can_no_longer_log_in(host):
    command = ["ssh", "-F", str(host.machine.ssh_config), "-l", "root", "machine", "true"]
    assert "Permission denied" in _refusal(command)


def _refusal(command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 255
    return done.stderr


def test_http_leads_to_https_and_an_unknown_name_to_nothing(host):
    assert _ask(host, "www.slipway.test").startswith(b"HTTP/1.1 301")
    assert _ask(host, "elsewhere.test") == b""


def _ask(host, name):
    with socket.create_connection(("127.0.0.1", host.machine.ports[80]), timeout=60) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        try:
            return connection.recv(64)
        except ConnectionResetError:
            return b""


def test_five_drifts_are_reported_and_repaired_and_no_other_thing(host):
    for command in DRIFTS.values():
        host.run(command)
    assert set(host.play()) - HANDLERS == set(DRIFTS)
    assert host.play() == []


def test_it_leaves_the_memory_to_the_site(host):
    free = int(re.search(r"MemAvailable: +(\d+)", host.run("cat /proc/meminfo"))[1]) // 1024
    print(f"MemAvailable: {free} MB")
    assert free > 300
