"""What `make status` reports: a line for each problem, and none for a healthy host."""

import os
import time
from types import SimpleNamespace

import pytest

DAY = 86400
CLUSTER = "postgresql@17-main.service"
UP = {"ActiveState": "active", "SubState": "running", "Result": "success", "NRestarts": "0"}
OOM = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task_memcg=/system.slice/{},task={},pid=812,uid=998\n"


def written(seconds):
    """As openssl writes a moment."""
    return time.strftime("%b %d %H:%M:%S %Y GMT", time.gmtime(time.time() + seconds))


def texts(host):
    return [problem.text for problem in host.problems.find()]


@pytest.fixture
def server(host, release, tmp_path, monkeypatch):
    """A host that is well: ``units`` are systemd's, ``kernel`` the journal's lines, ``pages`` what nginx answers."""
    release("1", current=True)
    server = SimpleNamespace(
        units={
            "slipway.socket": UP | {"SubState": "listening"},
            "slipway.service": UP | {"ControlGroup": "/system.slice/slipway.service"},
            "nginx.service": UP,
            CLUSTER: UP,
            "slipway-disk.service": UP,
            "slipway-certificate.service": {"ActiveState": "inactive", "Result": "success"},
            "slipway-certificate.timer": UP,
        },
        later={},
        failed="",
        kernel="",
        pages={"/healthz/ready": (200, ""), "/": (302, "")},
        certificate=(-30 * DAY, 60 * DAY),
        disks={},
        looks=0,
    )

    def run(line, **_):
        said, line = "", list(line)
        if line[:2] == ["systemctl", "show"]:
            names = [part for part in line[2:] if not part.startswith("--")]
            known = server.units | (server.later if server.looks else {})
            # Of a unit that it does not know systemd says that it is inactive.
            asked = {name: {"Id": name, "ActiveState": "inactive"} | known.get(name, {}) for name in names}
            said = "\n".join("".join(f"{k}={v}\n" for k, v in unit.items()) for unit in asked.values())
        elif line[:2] == ["systemctl", "list-units"]:
            said = server.failed
        elif line[0] == "journalctl":
            said = server.kernel
        elif line[0] == "openssl":
            start, end = server.certificate
            said = f"notBefore={written(start)}\nnotAfter={written(end)}\n"
        return SimpleNamespace(stdout=said, returncode=0)

    def nginx(page, seconds):
        answer = server.pages[page]
        if isinstance(answer, OSError):
            raise answer
        return answer

    def statvfs(path):
        space = {"f_frsize": 1, "f_blocks": 1000, "f_bfree": 500, "f_bavail": 450}
        return SimpleNamespace(**space | {"f_files": 1000, "f_ffree": 500, "f_favail": 500} | server.disks)

    def look_again(seconds):
        server.looks += 1

    (tmp_path / "postgresql" / "17" / "main").mkdir(parents=True)
    (tmp_path / "postgresql" / "17" / "main" / "start.conf").write_text("# Automatic startup\n\nauto\n")
    monkeypatch.setattr(host.units, "CLUSTERS", tmp_path / "postgresql")
    monkeypatch.setattr(host.upgrades, "REBOOT", tmp_path / "reboot-required")
    monkeypatch.setattr(host.kills, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(host.outdated, "PROC", tmp_path / "proc")
    monkeypatch.setattr(host.problems, "MOUNTS", ("/",))
    monkeypatch.setattr(host.processes, "run", run)
    monkeypatch.setattr(host.problems.time, "sleep", look_again)
    monkeypatch.setattr(host.problems.os, "statvfs", statvfs)
    monkeypatch.setattr(host.probe, "nginx", nginx)
    server.tmp = tmp_path
    return server


def test_a_host_that_is_well_has_none(host, server):
    assert texts(host) == []
    assert server.looks == 0


def test_a_wall_that_a_move_has_left_behind_is_one(host, server, monkeypatch):
    host.paths.MOVE.parent.mkdir(parents=True, exist_ok=True)
    host.moving.write(state="closed", to="203.0.113.9")
    assert texts(host) == [
        "visitors get a 503, a move was cut off: `sudo slipway move back` opens the site, as `make move` does"
    ]
    # While the move that closed it still runs, it opens it.
    monkeypatch.setattr(host.problems.locks, "holder", lambda: "somebody")
    assert texts(host) == []


def test_a_stopped_site_is_one(host, server):
    server.units["slipway.service"] = {"ActiveState": "inactive", "SubState": "dead", "Result": "success"}
    assert texts(host) == [
        "slipway.service is not running (inactive): `make logs UNIT=slipway.service`; "
        "`sudo systemctl start slipway.service` starts it"
    ]


def test_a_stopped_database_is_one_though_systemd_has_forgotten_it(host, server):
    del server.units[CLUSTER]
    (line,) = texts(host)
    assert line.startswith(f"{CLUSTER} is not running (inactive): ")
    # And its line among the services stays.
    assert [each["state"] for each in host.status.services() if each["name"] == CLUSTER] == ["inactive"]


def test_a_stopped_disk_watch_is_one(host, server):
    server.units["slipway-disk.service"] = {"ActiveState": "inactive", "SubState": "dead", "Result": "success"}
    (line,) = texts(host)
    assert line.startswith("slipway-disk.service is not running (inactive): ")


def test_a_database_that_is_elsewhere_or_not_meant_to_run_is_none(host, server):
    (server.tmp / "postgresql" / "17" / "main" / "start.conf").write_text("manual\n")
    del server.units[CLUSTER]
    assert texts(host) == []


def test_a_service_that_failed_is_named_once_with_its_result(host, server):
    server.units["nginx.service"] = UP | {"ActiveState": "failed", "Result": "exit-code"}
    server.failed = "nginx.service loaded failed failed nginx\nslipway-x.service loaded failed failed x\n"
    first, second = texts(host)
    assert first.startswith("nginx.service is not running (failed, exit-code): ")
    assert second == "slipway-x.service has failed: `make logs UNIT=slipway-x.service`"


def test_one_that_is_starting_is_checked_again(host, server):
    server.units["slipway.service"] = UP | {"ActiveState": "activating", "SubState": "start"}
    server.later = {"slipway.service": UP}
    assert texts(host) == []
    assert server.looks == 1


def test_a_site_that_is_restarted_while_another_process_serves_is_none(host, server):
    server.units["slipway.service"] = UP | {"ActiveState": "deactivating", "SubState": "stop-sigterm"}
    assert len(texts(host)) == 1
    server.units["slipway-restart.service"] = {"ActiveState": "activating"}
    assert texts(host) == []
    server.units["nginx.service"] = {"ActiveState": "inactive", "SubState": "dead"}
    (line,) = texts(host)
    assert line.startswith("nginx.service is not running")


@pytest.mark.parametrize(
    ("unit", "later"),
    [
        ({"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "19"}, {}),
        ({"ActiveState": "activating", "SubState": "start", "NRestarts": "1"}, {"NRestarts": "2"}),
        ({"NRestarts": "3", "ExecMainStartTimestampMonotonic": int((time.monotonic() - 20) * 1e6)}, {}),
    ],
    ids=["between two", "rising", "it just came up again"],
)
def test_a_crash_loop_is_one(unit, later, host, server):
    server.units["slipway.service"] = UP | unit
    server.later = {"slipway.service": UP | unit | later}
    restarts = (unit | later)["NRestarts"]
    assert texts(host) == [
        f"slipway.service is in a crash loop, restarted {restarts} times: `make logs UNIT=slipway.service`"
    ]


def test_restarts_of_long_ago_are_none(host, server):
    ago = int((time.monotonic() - 3600) * 1e6)
    server.units["slipway.service"] = UP | {"NRestarts": "3", "ExecMainStartTimestampMonotonic": ago}
    assert texts(host) == []


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        ({"/": (500, "")}, "/ answers 500"),
        ({"/": (404, "")}, "/ answers 404"),
        (
            {"/healthz/ready": (503, '{"database": "OperationalError"}'), "/": (500, "")},
            "/healthz/ready answers 503 (database: OperationalError), / answers 500",
        ),
        ({"/": TimeoutError("timed out")}, "/ does not answer (timed out)"),
        (
            dict.fromkeys(("/healthz/ready", "/"), ConnectionRefusedError(111, "Connection refused")),
            "/healthz/ready does not answer ([Errno 111] Connection refused), "
            "/ does not answer ([Errno 111] Connection refused)",
        ),
    ],
)
def test_pages_that_fail_are_one_line(pages, wanted, host, server):
    server.pages |= pages
    assert texts(host) == [f"pages fail through nginx: {wanted}: `make logs`"]


def test_a_site_without_a_front_page_is_well_by_the_first_of_its_paths(host, server, settings):
    settings(page="/shop/")
    server.pages |= {"/": (404, ""), "/shop/": (200, "")}
    assert texts(host) == []
    server.pages |= {"/shop/": (500, "")}
    assert texts(host) == ["pages fail through nginx: /shop/ answers 500: `make logs`"]


@pytest.mark.parametrize(
    ("disk", "wanted"),
    [
        # Root's own reserve is neither used nor free.
        ({"f_bfree": 95, "f_bavail": 45}, "95 % of its space"),
        ({"f_ffree": 50, "f_favail": 50}, "95 % of its inodes"),
    ],
)
def test_a_full_disk_is_one(disk, wanted, host, server):
    server.disks = disk
    assert texts(host) == [f"the disk of / is full to {wanted}: `sudo du -xh / | sort -h | tail`"]


def test_a_disk_without_a_count_of_inodes_is_none(host, server):
    server.disks = {"f_files": 0, "f_ffree": 0, "f_favail": 0}
    assert texts(host) == []


def test_a_renewal_that_failed_is_one(host, server):
    failed = {"ActiveState": "failed", "Result": "exit-code", "ExecMainExitTimestamp": "Mon 2026-11-30 07:46:26 UTC"}
    server.units["slipway-certificate.service"] = failed
    server.failed = "slipway-certificate.service loaded failed failed Renewal\n"
    assert texts(host) == [
        "the certificate's renewal failed on Mon 2026-11-30 07:46:26 UTC: `make logs UNIT=certificate`"
    ]


def test_a_renewal_that_is_off_is_one(host, server):
    server.units["slipway-certificate.timer"] = {"ActiveState": "inactive"}
    (line,) = texts(host)
    assert line.startswith("nothing renews the certificate, slipway-certificate.timer is off: ")


@pytest.mark.parametrize(
    ("times", "wanted"),
    [((-70 * DAY, 20 * DAY), "has not been renewed and ends"), ((-91 * DAY, -DAY), "ended")],
)
def test_a_certificate_that_was_not_renewed_in_time_is_one(times, wanted, host, server):
    server.certificate = times
    (line,) = texts(host)
    assert line.startswith(f"the certificate {wanted} on ")


def test_where_tls_ends_elsewhere_no_certificate_is_asked_for(host, server):
    (host.etc / "release.json").write_text('{"site_host": "www.example.com", "tls": false, "memory_max": "80M"}')
    server.units["slipway-certificate.timer"] = {"ActiveState": "inactive"}
    server.certificate = (-91 * DAY, -DAY)
    assert texts(host) == []


def test_a_reboot_that_is_due_is_one_with_its_packages(host, server):
    (server.tmp / "reboot-required").touch()
    assert texts(host) == ["a reboot is due, for an upgrade: `sudo reboot`"]
    (server.tmp / "reboot-required.pkgs").write_text("linux-image-6.12\nlibc6\nlibc6\n")
    server.units["slipway-reboot.timer"] = {"NextElapseUSecRealtime": "Sun 2026-12-06 04:30:00 UTC"}
    made = "it is made Sun 2026-12-06 04:30:00 UTC if nothing runs then; `sudo reboot` makes it now"
    assert texts(host) == [f"a reboot is due, for libc6, linux-image-6.12: {made}"]


def process(server, pid, group, maps):
    (server.tmp / "proc" / str(pid)).mkdir(parents=True)
    (server.tmp / "proc" / str(pid) / "cgroup").write_text(group)
    (server.tmp / "proc" / str(pid) / "maps").write_text(maps)


MAPS = """55d0 r-xp 00000000 08:01 123 /usr/sbin/nginx
7f01 r--p 00000000 08:01 124 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f02 r-xp 00000000 08:01 124 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f03 rw-s 00000000 00:01 125 /dev/zero (deleted)
7f04 r-xp 00000000 00:01 126 /memfd:jit (deleted)
"""


def test_a_service_that_runs_replaced_libraries_is_one(host, server):
    process(server, 7, "0::/system.slice/nginx.service\n", MAPS)
    process(server, 8, "0::/system.slice/nginx.service\n", MAPS)
    process(server, 10, "0::/system.slice/slipway.service\n", MAPS.replace(" (deleted)", ""))
    (server.tmp / "proc" / "11").mkdir()  # it has ended meanwhile
    assert texts(host) == [
        "nginx.service still runs what an upgrade replaced (libssl.so.3): "
        "`sudo systemctl start slipway-upgrades.service` restarts it"
    ]


def test_memory_that_ran_out_is_one_for_each_service_and_none_for_a_releases_jobs(host, server):
    server.kernel = OOM.format("slipway.service", "gunicorn") * 2 + OOM.format("slipway-check.service", "gunicorn")
    assert texts(host) == [
        "memory ran out in slipway.service: gunicorn was ended 2 times in 24 hours; see deploy/budget.yml"
    ]


def test_a_process_that_calls_itself_a_terminal_s_orders_gives_none(host, server):
    server.kernel = OOM.format("slipway.service", "\x1b[2J\ufffd")
    (line,) = texts(host)
    assert line.startswith(r"memory ran out in slipway.service: \x1b[2J")


@pytest.mark.parametrize("file", ["system.slice/slipway.service/memory.events", "memory/{}/memory.oom_control"])
def test_memory_that_ran_out_shows_in_the_control_group_of_either_version(file, host, server):
    path = server.tmp / "cgroup" / file.format("system.slice/slipway.service")
    path.parent.mkdir(parents=True)
    path.write_text("low 0\noom 3\noom_kill 2\n")
    assert texts(host) == [
        "memory ran out in slipway.service: a process was ended 2 times since it started; see deploy/budget.yml"
    ]


def test_a_host_without_a_release_is_one(host, server):
    host.paths.CURRENT.unlink()
    assert texts(host) == ["no release serves yet: `make deploy`"]


def test_the_status_carries_them(host, server, monkeypatch):
    server.pages["/"] = (500, "")
    said = host.status.status()
    assert said["problems"] == ["pages fail through nginx: / answers 500: `make logs`"]
    assert said["release"] == "1" and os.path.sep not in said["problems"][0].split(":")[0]


def test_a_restore_that_was_interrupted_is_one_and_one_that_runs_is_none(host, server):
    note = host.paths.BACKUP_STATE / "restore.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text('{"began": "2026-12-01T10:00:00Z"}')
    (line,) = texts(host)
    assert line == "the restore that began at 2026-12-01T10:00:00Z was interrupted; the next `make restore` clears up"
    with host.locks.step("restore"):
        assert texts(host) == []


def test_each_has_a_name_that_stays_while_its_figures_change(host, server):
    """What an alarm knows it by: the same from minute to minute, and another for each thing."""
    (server.tmp / "reboot-required").touch()
    server.units["slipway-certificate.timer"] = server.units["nginx.service"] = {"ActiveState": "inactive"}
    server.units["slipway-certificate.service"] = {"ActiveState": "failed", "Result": "exit-code"}
    server.failed = "slipway-x.service loaded failed failed x\n"
    process(server, 7, "0::/system.slice/nginx.service\n", MAPS)
    seen = []
    for used, kills, answer in ((91, 1, 500), (95, 2, 502)):
        server.disks = {"f_bfree": 1000 - 10 * used, "f_bavail": 1000 - 10 * used, "f_ffree": 50, "f_favail": 50}
        server.kernel = OOM.format("slipway.service", "gunicorn") * kills
        server.pages["/"] = (answer, "")
        server.certificate = (-70 * DAY, (20 - kills) * DAY)
        seen.append(host.problems.find())
    (first, second) = seen
    assert [each.text for each in first] != [each.text for each in second]
    assert [each.name for each in first] == [each.name for each in second]
    assert [each.name for each in first] == [
        "unit nginx.service",
        "unit slipway-x.service",
        "pages",
        "disk /",
        "inodes /",
        "certificate renewal",
        "unit slipway-certificate.timer",
        "certificate",
        "reboot",
        "upgrade nginx.service",
        "memory slipway.service",
    ]


def test_a_unit_that_restarts_and_then_stays_down_is_one_thing(host, server):
    server.units["nginx.service"] = UP | {"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "4"}
    (loop,) = host.problems.find()
    server.units["nginx.service"] = UP | {"ActiveState": "failed", "Result": "start-limit-hit"}
    (down,) = host.problems.find()
    assert loop.name == down.name == "unit nginx.service"


def test_a_check_that_fails_is_one_and_hides_nothing_of_the_others(host, server, monkeypatch):
    def broken():
        raise ValueError("not\nthere")
        yield

    monkeypatch.setattr(host.backups, "problems", broken)
    server.units["nginx.service"] = {"ActiveState": "inactive"}
    first, second = host.problems.find()
    assert first.name == "unit nginx.service" and second.name == "check backups"
    assert second.text.startswith("backups cannot be checked: ValueError: not there: `make deploy PROVISION=1`")
