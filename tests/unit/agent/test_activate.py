"""The switch to a release, and the rollback."""

import pytest


@pytest.fixture
def systemd(host, monkeypatch):
    """``systemd.broken`` names the releases that do not start, ``systemd.sick`` those that answer 503."""
    systemd = type("Systemd", (), {"broken": set(), "sick": set(), "calls": [], "state": "active"})()

    def run(line, **_):
        if line[1] == "show":
            said = f"Id=slipway.service\nActiveState={systemd.state}\n"
            return type("Done", (), {"returncode": 0, "stdout": said, "stderr": ""})()
        systemd.calls.append(" ".join(line[1:]))
        failed = line[1:] == ["start", "slipway-restart.service"] and host.releases.current() in systemd.broken
        return type("Done", (), {"returncode": int(failed), "stdout": "", "stderr": ""})()

    def nginx(page):
        if not host.releases.current():
            raise ConnectionRefusedError("connection refused")
        return (503, '{"database": "OperationalError"}') if host.releases.current() in systemd.sick else (200, "")

    monkeypatch.setattr(host.processes, "run", run)
    monkeypatch.setattr(host.probe, "nginx", nginx)
    monkeypatch.setattr(host.activate, "SECONDS", 0)
    return systemd


def test_the_switch_is_a_rename_and_one_restart_without_a_pause(host, release, systemd):
    release("1", current=True)
    release("2", served=False)
    assert host.activate.activate("2") == "1"
    assert host.releases.current() == "2"
    assert host.releases.metadata("2")["activated"]
    assert systemd.calls == [
        "reset-failed slipway.service slipway-overlap.service slipway-restart.service",
        "start slipway.socket",
        "start slipway-restart.service",
    ]


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_where_nothing_serves_the_site_is_started_at_once(host, release, systemd, state):
    """One start of Gunicorn in place of two: behind the wall of a move each second counts."""
    release("1", served=False)
    systemd.state = state
    host.activate.activate("1")
    assert systemd.calls[-2:] == ["start slipway.socket", "start slipway.service"]


def test_when_it_served_first_is_kept_beside_when_it_was_switched_to_last(host, release, systemd, monkeypatch):
    release("1", current=True)
    release("2", served=False)
    for moment, name in (("noon", "2"), ("one", "1"), ("two", "2")):
        monkeypatch.setattr(host.releases, "now", lambda moment=moment: moment)
        host.activate.activate(name)
    listed = {each["id"]: (each["first"], each["activated"]) for each in host.releases.listing()}
    assert listed == {"1": ("then", "one"), "2": ("noon", "two")}


def test_a_release_that_does_not_start_gives_way_to_the_old_one(host, release, systemd):
    release("1", current=True)
    release("2", served=False)
    systemd.broken = {"2"}
    with pytest.raises(host.paths.HostError, match=r"release 2 does not start.*rolled back to 1, which is live"):
        host.activate.activate("2")
    assert host.releases.current() == "1"
    assert "activated" not in host.releases.metadata("2")


def test_an_unhealthy_one_gives_way_too_and_the_reason_is_reported(host, release, systemd):
    release("1", current=True)
    release("2", served=False)
    systemd.sick = {"2"}
    with pytest.raises(
        host.paths.HostError, match=r"/healthz/ready answers 503 \(database: OperationalError\).*rolled back to 1"
    ):
        host.activate.activate("2")
    assert host.releases.current() == "1"


def test_when_the_old_one_is_unhealthy_too_that_is_reported(host, release, systemd):
    release("1", current=True)
    release("2", served=False)
    systemd.sick = {"1", "2"}
    with pytest.raises(host.paths.HostError, match="rolled back to 1, which is not well either"):
        host.activate.activate("2")


def test_a_full_disk_does_not_prevent_a_rollback(host, release, systemd, monkeypatch):
    for name in "12":
        release(name, current=True)

    def full(name, **_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(host.releases, "update", full)
    with pytest.raises(OSError, match="No space left"):
        host.activate.rollback("")
    assert host.releases.current() == "1"


def test_a_release_that_a_power_cut_left_serving_without_metadata_has_served(host, release, systemd):
    release("1", current=True)
    release("2", served=False, current=True)
    release("3", served=False)
    assert [each["id"] for each in host.releases.listing() if each["activated"]] == ["2", "1"]
    assert host.activate.activate("3") == "2"
    assert host.releases.served() == ["1", "2", "3"]
    assert host.activate.rollback("") == ("3", "2")


def test_a_first_release_that_fails_leaves_a_host_without_one(host, release, systemd):
    release("1", served=False)
    systemd.broken = {"1"}
    with pytest.raises(host.paths.HostError, match="no earlier release to roll back to"):
        host.activate.activate("1")
    assert host.releases.current() == ""
    assert "stop slipway.socket slipway.service" in systemd.calls


def test_rollback_takes_the_one_before_or_the_one_that_is_named(host, release, systemd):
    for name in "123":
        release(name, current=True)
    assert host.activate.rollback("") == ("3", "2")
    assert host.activate.rollback("3") == ("2", "3")
    assert host.activate.rollback("1") == ("3", "1")
    with pytest.raises(host.paths.HostError, match="1 serves already"):
        host.activate.rollback("1")
    with pytest.raises(host.paths.HostError, match="nothing to go back to"):
        host.activate.rollback("")


def test_nginx_gets_the_page_of_the_release_that_serves_and_status_tells_where_it_has_not(host, release, systemd):
    for name in ("1", "2"):
        release(name, served=False)
        page = host.paths.RELEASES / name / host.maintenance.SOURCE
        page.parent.mkdir(parents=True)
        page.write_text(f"<p>page of {name}")
    host.activate.activate("1")
    assert host.maintenance.PAGE.read_text() == "return 503 '<p>page of 1';\n"
    systemd.sick = {"2"}
    with pytest.raises(host.paths.HostError):
        host.activate.activate("2")
    assert "page of 1" in host.maintenance.PAGE.read_text() and host.maintenance.is_shown()
    systemd.sick = set()
    host.activate.activate("2")
    assert "page of 2" in host.maintenance.PAGE.read_text()
    host.maintenance.PAGE.unlink()
    assert not host.maintenance.is_shown()
    assert [problem.name for problem in host.problems._unavailable()] == ["503 page"]


def test_a_page_that_nginx_does_not_take_is_no_reason_to_end_a_switch(host, release, systemd, monkeypatch):
    release("1", served=False)
    page = host.paths.RELEASES / "1" / host.maintenance.SOURCE
    page.parent.mkdir(parents=True)
    page.write_text("<p>page")

    def full(texts, **_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(host.nginx_files, "put", full)
    assert host.activate.activate("1") == ""
    assert host.releases.current() == "1"
