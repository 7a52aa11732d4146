"""Templates rendered by Ansible's own templating, without a host."""

import configparser
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from rehearsal import nginx
from slipway.tool.server.layout import LAYOUT
from tests.unit.ansible.conftest import ANSIBLE, ROOT
from tests.unit.ansible.roles import ROLES, SITE, values

CLUSTERS = {"stdout": "17 main 5432 online postgres /var/lib/postgresql/17/main /var/log/x.log"}
# What a host would have answered.
FACTS = {
    "base__host": {"stdout_lines": ["system=debian 13", "interface=eth0", "ipv6=eth0"]},
    "base__sshd": {"stdout_lines": ["port 22", "listenaddress 0.0.0.0:22", "listenaddress [::]:22", "maxsessions 2"]},
    "base__connection": {"stdout": "203.0.113.9 51234 198.51.100.7 22\r\n"},
    "base_ipv6": True,
    "jobs__job": SITE["slipway_jobs"][0],
    "jobs__worker": SITE["slipway_workers"][0],
    "nginx__version": {"stdout": "nginx version: nginx/1.26.3"},
    "postgresql__clusters": CLUSTERS,
    "backup__clusters": CLUSTERS,
}


def variables(role):
    return SITE | FACTS | values(role, "defaults") | values(role, "vars")


# Of both versions of nginx, with each kind of site: who ends TLS, and the proxies in front.
NGINX = [
    (tls, proxies, version)
    for tls in ("letsencrypt", "none")
    for proxies in (SITE["slipway_proxies"], [])
    for version in ("1.22.1", "1.26.3")
]
SECRETS = {"SECRET_KEY": """a "b" 'c' $HOME `id` \\ \\n %h # ; = é""", "EMPTY": "", "LINES": "a\nb", "NUMBER": 7}


def of_roles():
    """Every role's templates, by role and file name."""
    folders = {role: ANSIBLE / "roles" / role / "templates" for role in ROLES}
    return {(role, file.name): file for role, folder in folders.items() for file in sorted(folder.glob("*.j2"))}


@pytest.fixture(scope="module")
def everything(render, tmp_path_factory):
    """The texts of all the tests here, by name: in one run, since Ansible's start is what takes time."""
    templates, wanted = of_roles(), tmp_path_factory.mktemp("wanted") / "wanted.j2"
    wanted.write_text("{{ base__wanted | join(' ') }}")
    no_ipv6 = {"base__host": {"stdout_lines": ["system=debian 13", "interface=eth0", "ipv6="]}}
    secrets = {"slipway_secrets": {"web": SECRETS}}
    jobs = {name: (template, variables(name[0]), {}) for name, template in templates.items()}
    for tls, proxies, version in NGINX:
        site = {"slipway_tls": tls, "slipway_proxies": proxies, "nginx_version": version}
        jobs[tls, *proxies, version] = (ROOT / "nginx" / "nginx.conf.j2", variables("nginx") | site, {})
    none = SITE["slipway_backup"] | {"kind": "none"}
    jobs["no backups"] = (
        templates["postgresql", "slipway.conf.j2"],
        variables("postgresql") | {"slipway_backup": none},
        {},
    )
    jobs["packages"] = (wanted, variables("base") | {"group_names": ["web", "db", "lb"]}, {})
    jobs["no IPv6"] = (templates["base", "sysctl.conf.j2"], variables("base") | no_ipv6, {})
    jobs["environment"] = (templates["gunicorn", "site.env.j2"], variables("gunicorn") | secrets, {})
    return dict(zip(jobs, render(jobs.values()), strict=True))


@pytest.fixture(scope="module")
def rendered(everything):
    """Every role's templates from its defaults, by role and file name."""
    return {name: everything[name] for name in of_roles()}


@pytest.mark.parametrize(("tls", "proxies", "version"), NGINX)
def test_nginx_is_configured_alike_by_ansible_and_by_the_demo(tls, proxies, version, everything):
    by_demo = nginx.render(**_expected(tls, proxies), nginx_version=version)
    assert everything[tls, *proxies, version] == by_demo


def _expected(tls, proxies):
    """What a server with a site of that kind must be told."""
    ends_here = tls == "letsencrypt"
    # Of a balancer that is not named more is taken, since it sends everybody's.
    rate, delay, burst = ("20r/m", 10, 20) if ends_here or proxies else ("60r/m", 30, 60)
    pair = {"certificate": "/etc/slipway/tls/certificate.pem", "key": "/etc/slipway/tls/key.pem"}
    return {
        "nginx_pid": "/run/nginx.pid",
        "nginx_log_dir": "/var/log/nginx",
        "nginx_temp_dir": "/var/lib/nginx",
        "nginx_user": "www-data",
        "nginx_listen": ["0.0.0.0", "[::]"] if ends_here else ["0.0.0.0:80", "[::]:80"],
        "nginx_site_host": "www.example.test",
        "nginx_site_authority": "www.example.test",
        "nginx_aliases": ["shop.example.test"],
        "nginx_redirect_hosts": ["example.test"],
        "nginx_upstream": "/run/slipway/gunicorn.sock",
        "nginx_tls": pair if ends_here else "none",
        "nginx_forwarded_proto": "$scheme" if ends_here else "https",
        "nginx_acme_dir": "/var/lib/slipway/acme",
        "nginx_move": "/etc/nginx/slipway-move",
        "nginx_page": "/etc/nginx/slipway-page",
        "nginx_site_files": SITE["slipway_nginx_files"],
        "nginx_client_max_body_size": "20m",
        "nginx_timeout": 90,
        "nginx_proxies": proxies,
        "nginx_sign_in": [r"/login/\Z", '/with "quotes"'],
        "nginx_sign_in_rate": rate,
        "nginx_sign_in_delay": delay,
        "nginx_sign_in_burst": burst,
    }


def test_every_template_renders_from_the_defaults(rendered):
    assert [name for name, text in rendered.items() if len(text.splitlines()) < 2] == []


def test_the_firewall_lets_in_ssh_and_the_open_ports_alone(rendered):
    rules = rendered["base", "nftables.conf.j2"]
    assert re.findall(r"dport (.*?) accept", rules) == ["546", "{ 22, 80, 443 }"]
    assert re.findall(r"hook (\w+) .*policy (\w+)", rules) == [("input", "drop"), ("forward", "drop")]


def test_ssh_lets_in_one_user_by_the_files_of_keys_that_are_watched(rendered):
    said = rendered["base", "sshd.conf.j2"].splitlines()
    ways_in = ("AllowUsers", "AuthorizedKeys", "TrustedUserCAKeys", "PermitRootLogin")
    assert [line for line in said if line.startswith(ways_in)] == [
        "AllowUsers deploy",
        "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/slipway_ci_keys",
        "AuthorizedKeysCommand none",
        "TrustedUserCAKeys none",
        "PermitRootLogin no",
    ]


def test_a_key_that_is_added_or_taken_away_by_hand_is_drift(rendered):
    assert LAYOUT.admin_keys == f"/home/{LAYOUT.admin_user}/.ssh/authorized_keys"
    assert LAYOUT.admin_keys in json.loads(rendered["agent", "watched.json.j2"])["files"]


def test_the_agents_settings_have_the_version_and_the_layout(rendered):
    settings = json.loads(rendered["agent", "settings.json.j2"])
    assert (settings["version"], settings["layout"]) == ("1.0.0", LAYOUT.version)
    assert settings["page"] == "/shop/"


def test_archiving_that_is_stopped_by_hand_is_drift(rendered):
    watched = json.loads(rendered["agent", "watched.json.j2"])
    assert LAYOUT.archive_socket_unit in watched["units"]
    assert "pgbackrest" in watched["packages"]
    assert {LAYOUT.backup_settings, f"{LAYOUT.units}/slipway*", f"{LAYOUT.agent}*"} <= set(watched["files"])


def test_a_package_of_site_yml_that_is_removed_by_hand_is_drift(rendered):
    assert "gettext" in json.loads(rendered["agent", "watched.json.j2"])["packages"]


def test_packages_of_site_yml_are_installed_with_the_roles_own(everything):
    assert {"nftables", "nginx", "postgresql", "gettext"} < set(everything["packages"].split())


def test_the_kernels_settings_are_written_as_sysctl_prints_them(rendered):
    lines = rendered["base", "sysctl.conf.j2"].splitlines()[1:]
    assert "net.ipv4.conf.eth0.accept_redirects = 0" in lines
    assert [line for line in lines if not re.fullmatch(r"[\w.]+ = \d+", line)] == []


def test_a_reboot_is_no_drift(rendered):
    watched = json.loads(rendered["agent", "watched.json.j2"])
    # The playbook puts the rules in force itself: the unit runs from the next boot on.
    assert "nftables.service" in watched["enabled"]
    assert "nftables.service" not in watched["units"]


def test_a_host_without_ipv6_is_asked_nothing_of_it(everything):
    assert "ipv6" in everything["base", "sysctl.conf.j2"]
    assert "ipv6" not in everything["no IPv6"]


def test_postgresql_listens_on_no_network_and_trusts_nobody(rendered):
    assert re.search(r"^listen_addresses = ''$", rendered["postgresql", "slipway.conf.j2"], re.M)
    rules = rendered["postgresql", "pg_hba.conf.j2"]
    assert {line.split()[-1] for line in rules.splitlines() if not line.startswith("#")} == {"peer"}


def test_postgresql_hands_its_wal_to_the_socket_and_reads_no_key(rendered):
    said = rendered["postgresql", "slipway.conf.j2"]
    # pgBackRest rejects a backup where its name is not in the command.
    command = f"{LAYOUT.archive_client} {LAYOUT.archive_socket} %f"
    assert f"archive_command = '{command}'\n" in said and "pgbackrest" in command
    assert re.search(r"^archive_mode = on\narchive_timeout = 30s$", said, re.M)
    assert f"ListenStream={LAYOUT.archive_socket}\n" in rendered["backup", "slipway-archive.socket.j2"]
    unit = rendered["postgresql", "unit.conf.j2"]
    assert f"InaccessiblePaths=-{LAYOUT.etc} -{LAYOUT.backup_state}\n" in unit
    assert Path(LAYOUT.backup_settings).is_relative_to(LAYOUT.etc)


def test_what_archives_is_confined_as_the_site_is(rendered):
    ours, sites = (
        {line for line in rendered[name].splitlines() if "=" in line and not line.startswith("#")}
        for name in (("backup", "slipway-archive@.service.j2"), ("gunicorn", "sandbox.conf.j2"))
    )
    # PostgreSQL's shared memory is of the same user.
    assert sites - ours == {"RemoveIPC=yes", "TasksMax=128"}


def test_without_backups_postgresql_archives_nothing(everything):
    assert "archive" not in everything["no backups"]


def test_the_sites_environment_says_to_a_shell_what_was_meant(everything, tmp_path):
    file = tmp_path / "site.env"
    file.write_text(everything["environment"])
    # Quotes mean the same to systemd.
    script = f"set -a; . {file}; exec env -0"
    read = subprocess.run(
        ["sh", "-c", script], env={"PATH": os.environ["PATH"]}, capture_output=True, check=True
    ).stdout
    heard = dict(entry.split("=", 1) for entry in read.decode().split("\0") if entry)
    assert {name: heard[name] for name in SECRETS} == {name: str(value) for name, value in SECRETS.items()}
    assert heard["WEB_CONCURRENCY"] == "2"
    assert (heard["SLIPWAY_THREADS"], heard["SLIPWAY_TEMP"]) == ("8", LAYOUT.nginx_temp)
    assert heard["SLIPWAY_WSGI"] == "project.wsgi"


def test_a_secret_stands_nowhere_but_in_the_sites_environment_and_the_settings_of_the_backups(rendered):
    values = re.compile(r"=\W*secret\b|secret-of-twenty")
    assert {name[1] for name, text in rendered.items() if values.search(text)} == {"site.env.j2", "pgbackrest.conf.j2"}


def test_the_backups_settings_name_the_cluster_and_the_bucket_and_no_generation(rendered):
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(rendered["backup", "pgbackrest.conf.j2"])
    assert settings["site"]["pg1-path"] == "/var/lib/postgresql/17/main"
    said = settings["global"]
    assert (said["repo1-s3-bucket"], said["repo1-s3-uri-style"]) == ("example-backups", "host")
    assert said["repo1-cipher-pass"] == "secret-of-twenty-letters"
    # Each server has its own place, which is no setting.
    assert "repo1-path" not in said


def test_nothing_of_the_site_starts_before_its_first_release(rendered):
    for unit in ("slipway.socket.j2", "slipway.service.j2"):
        assert "\nConditionPathExists=/srv/slipway/current\n" in rendered["gunicorn", unit]


def test_nginx_connects_where_the_socket_listens(rendered):
    assert f"ListenStream={_expected('none', [])['nginx_upstream']}\n" in rendered["gunicorn", "slipway.socket.j2"]


def test_nginx_reads_the_certificate_and_answers_challenges_where_they_are_written(rendered):
    said = json.loads(rendered["tls", "certificate.json.j2"])
    theirs = _expected("letsencrypt", [])
    assert said["names"] == ["www.example.test", "shop.example.test", "example.test"]
    assert {name: said[name] for name in ("certificate", "key")} == theirs["nginx_tls"]
    assert said["webroot"] == theirs["nginx_acme_dir"]


def test_who_comes_during_a_restart_is_served_by_another_process_within_the_part_of_a_release(rendered):
    site, overlap, restart = (
        rendered["gunicorn", f"{name}.j2"].splitlines()
        for name in (LAYOUT.site_unit, LAYOUT.overlap_unit, LAYOUT.restart_unit)
    )
    assert f"Sockets={LAYOUT.socket_unit}" in overlap and "MemoryMax=80M" in overlap
    # The same release by the same user and with the same environment, with one worker.
    (start,) = (line for line in site if line.startswith("ExecStart="))
    assert start.replace("gunicorn.conf.py", "gunicorn.conf.py --workers 1") in overlap
    alike = ("User=", "Group=", "EnvironmentFile=", "WorkingDirectory=", "Type=", "OOM", "TimeoutStopSec=")
    assert [line for line in site if line.startswith(alike)] == [line for line in overlap if line.startswith(alike)]
    assert [line for line in restart if line.startswith("Exec") and "systemctl" in line] == [
        f"ExecStart=-/usr/bin/systemctl stop {LAYOUT.backup_unit}",
        f'ExecStart=-/bin/sh -c \'! systemctl --quiet is-active "{LAYOUT.job_prefix}*.service" || '
        f"{LAYOUT.agent} job yield'",
        f"ExecStart=/usr/bin/systemctl start {LAYOUT.overlap_unit}",
        f"ExecStart=/usr/bin/systemctl restart {LAYOUT.site_unit}",
        f"ExecStopPost=/usr/bin/systemctl stop {LAYOUT.overlap_unit}",
    ]


def test_each_wait_for_a_request_follows_from_the_one_timeout(rendered, everything):
    """nginx's wait, what a release waits for the old one's requests, and what systemd leaves either."""
    units = "".join(
        rendered["gunicorn", f"{getattr(LAYOUT, f'{name}_unit')}.j2"] for name in ("site", "overlap", "restart")
    )
    waits = re.findall(r"^Timeout(Start|Stop)Sec=(\d+)s$", units, re.MULTILINE)
    assert waits == [("Stop", "100"), ("Stop", "100"), ("Start", "330"), ("Stop", "330")]
    assert all(
        "        proxy_read_timeout 90s;\n" in everything[tls, *proxies, version] for tls, proxies, version in NGINX
    )
    assert json.loads(rendered["agent", "settings.json.j2"])["timeout"] == 90


def test_that_process_has_the_sites_sandbox_and_its_link_is_watched(rendered):
    tasks = yaml.safe_load((ROOT / "ansible" / "roles" / "gunicorn" / "tasks" / "units.yml").read_text())
    (link,) = [
        task["ansible.builtin.file"] for task in tasks if task.get("ansible.builtin.file", {}).get("state") == "link"
    ]
    assert link["src"] == "{{ layout.sandbox }}"
    assert link["path"] == "{{ layout.units }}/{{ layout.overlap_unit }}.d/{{ layout.sandbox | basename }}"
    watched = json.loads(rendered["agent", "watched.json.j2"])["files"]
    assert f"{LAYOUT.units}/{LAYOUT.overlap_unit}.d/*" in watched


def test_what_backs_up_is_confined_as_the_site_is_and_drops_root(rendered):
    ours, sites = (
        {line for line in rendered[name].splitlines() if "=" in line and not line.startswith("#")}
        for name in (("backup", "slipway-backup.service.j2"), ("gunicorn", "sandbox.conf.j2"))
    )
    left_out = {line.partition("=")[0] for line in sites - ours}
    # It begins as root and becomes postgres, whose shared memory is PostgreSQL's.
    becomes = {"CapabilityBoundingSet", "PrivateUsers", "SystemCallFilter", "RemoveIPC", "ProtectProc", "ProcSubset"}
    becomes |= {"AmbientCapabilities"}
    assert left_out == becomes | {"TasksMax"}
    assert {"MemoryMax=80M", "OOMScoreAdjust=600"} <= ours
    # By these PostgreSQL, the same user, cannot look into it.
    assert {"AmbientCapabilities=CAP_NET_BROADCAST", "SecureBits=no-setuid-fixup"} <= ours
    assert {"ProtectSystem=strict", "NoNewPrivileges=yes", "IPAddressDeny=169.254.0.0/16 fd00:ec2::254"} <= ours
    assert "OnCalendar=hourly" in rendered["backup", "slipway-backup.timer.j2"]


def test_who_is_told_is_written_with_the_urls_and_for_root_alone(rendered):
    said = json.loads(rendered["alarms", "alarms.json.j2"])
    assert said["site"] == "www.example.test"
    assert said["heartbeat"] == {"kind": "heartbeat", "url": "https://secret.example.test/h"}
    assert said["receivers"]["webhook"] == {"kind": "ntfy", "url": "https://secret.example.test"}
    assert said["receivers"]["mail"] == SITE["slipway_alarms"]["mail"] | {"url": "smtp://mail.example.test"}
    (task,) = (each for each in _tasks("alarms", "told.yml") if "alarms.json.j2" in str(each))
    assert task["ansible.builtin.template"]["mode"] == "0600" and task["no_log"]


def test_what_tells_is_confined_as_the_site_is_and_may_look_and_become_who_sends(rendered):
    ours, sites = (
        {line for line in rendered[name].splitlines() if "=" in line and not line.startswith("#")}
        for name in (("alarms", "slipway-alarms.service.j2"), ("gunicorn", "sandbox.conf.j2"))
    )
    left_out = {line.partition("=")[0] for line in sites - ours}
    # It sees each process, and the keys in the homes; it lists the firewall's rules.
    looks = {"CapabilityBoundingSet", "PrivateUsers", "ProtectProc", "ProcSubset", "ProtectHome"}
    assert left_out == looks | {"SystemCallFilter", "RestrictAddressFamilies", "AmbientCapabilities", "TasksMax"}
    capabilities = next(line for line in ours if line.startswith("CapabilityBoundingSet="))
    assert "CAP_SYS_ADMIN" not in capabilities and "CAP_DAC_OVERRIDE" not in capabilities
    assert {"OOMScoreAdjust=600", "MemoryMax=64M", "IPAddressDeny=169.254.0.0/16 fd00:ec2::254"} <= ours


def test_a_clock_that_is_set_back_does_not_stop_the_looks(rendered):
    timer = rendered["alarms", "slipway-alarms.timer.j2"]
    assert "OnUnitInactiveSec=60s" in timer and "OnCalendar" not in timer


def test_each_unit_that_restarts_always_marks_that_memory_ran_out(rendered, tmp_path):
    """By the line as systemd runs it, with the unit's name and the result in place."""
    marked = yaml.safe_load((ANSIBLE / "roles" / "alarms" / "vars" / "main.yml").read_text())["alarms__marked"]
    prefixes = {"{{ layout.worker_prefix }}.service", "{{ layout.job_prefix }}.service"}
    assert prefixes | {"nginx.service", "postgresql@.service"} < set(marked)
    (line,) = re.findall(r"^ExecStopPost=-\+(.*)$", rendered["alarms", "slipway-killed.conf.j2"], re.MULTILINE)
    command = (
        line.replace("$$", "$").replace("%n", "slipway-worker-a.service").replace(LAYOUT.killed, str(tmp_path / "k"))
    )
    for result, wanted in (("success", []), ("signal", []), ("oom-kill", ["slipway-worker-a.service"])):
        subprocess.run(command, shell=True, env={**os.environ, "SERVICE_RESULT": result}, check=True)
        assert [path.name for path in (tmp_path / "k").glob("*")] == wanted


def _tasks(role, file):
    return yaml.safe_load((ANSIBLE / "roles" / role / "tasks" / file).read_text())
