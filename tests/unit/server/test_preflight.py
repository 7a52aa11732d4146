"""What is rejected before anything on the server is changed, and with which error."""

import re

import pytest

from slipway.tool.requirements import files
from slipway.tool.server import preflight
from slipway.web.errors import SlipwayError


def test_a_fit_host_gets_its_budget(site, host):
    assert preflight.check(site, host(), set(), database=True).workers == 2


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"system": "alpine 3.22"}, ["203.0.113.7", "alpine 3.22", "debian 13"]),
        ({"system": "debian 11"}, ["debian 11", "debian 12"]),
        ({"disk": 120}, ["/", "120 MB", "300"]),
        ({"disk": 900, "fingerprint": ""}, ["900 MB", "2500"]),
        ({"clock_ahead": 1260.0}, ["clock", "21 minutes ahead"]),
        ({"clock_ahead": -600.0}, ["clock", "10 minutes behind"]),
        ({"memory": 230}, ["230 MB", "458 MB", "budget.yml"]),
        ({"resolvers": ("169.254.169.254",)}, ["203.0.113.7", "169.254.169.254", "systemd-resolved"]),
        ({"resolved": {"www.example.com": ()}}, ["DNS", "www.example.com", "A record", "203.0.113.7"]),
        (
            {"resolved": {"www.example.com": ("203.0.113.7",), "example.com": ("198.51.100.9",)}},
            ["DNS", "example.com resolves to 198.51.100.9", "203.0.113.7", "site.yml"],
        ),
    ],
)
def test_an_unfit_host_is_rejected_in_one_line(changes, names, site, host):
    with pytest.raises(SlipwayError) as rejected:
        preflight.check(site, host(**changes), {"203.0.113.7"}, database=True)
    message = str(rejected.value)
    assert "\n" not in message
    for name in names:
        assert name in message


@pytest.mark.parametrize("later", ["9.0.0", "1.0.10", "1.1"])
def test_a_server_that_a_newer_version_has_deployed_is_rejected_in_one_line(later, site, host, monkeypatch):
    monkeypatch.setattr(preflight, "VERSION", "1.0.9")
    with pytest.raises(SlipwayError) as rejected:
        preflight.check(site, host(version=later), set(), database=True)
    assert str(rejected.value) == (
        f"203.0.113.7 was deployed by Slipway {later}, and this checkout is 1.0.9: "
        "take the newer one, git pull or merge it"
    )


@pytest.mark.parametrize("earlier", ["", "0.9.10", "1.0.9"])
def test_a_server_of_an_earlier_or_the_same_version_is_fit(earlier, site, host, monkeypatch):
    monkeypatch.setattr(preflight, "VERSION", "1.0.9")
    preflight.check(site, host(version=earlier), {"203.0.113.7"}, database=True)


def test_workers_that_do_not_fit_the_server_are_rejected_before_anything_is_changed(site, host):
    site.path.write_text(site.path.read_text() + "gunicorn_workers: 1\n")
    assert preflight.check(preflight.config.load(site.path), host(), set(), database=True).workers == 1
    site.path.write_text(site.path.read_text().replace("gunicorn_workers: 1", "gunicorn_workers: 7"))
    with pytest.raises(SlipwayError, match=r"^gunicorn_workers: 7 in site.yml need 375 MB"):
        preflight.check(preflight.config.load(site.path), host(), set(), database=True)


def test_bodies_that_the_disk_cannot_hold_for_each_thread_are_rejected_with_the_figures(site, host):
    site.path.write_text(site.path.read_text() + "max_body_mb: 21\n")
    described = preflight.config.load(site.path)
    assert preflight.check(described, host(disk=940), set(), database=True)
    with pytest.raises(
        SlipwayError,
        match=r"^max_body_mb: 21 in site.yml may take 640 MB of disk in 16 threads, .* has 939 MB free, .* needs 300",
    ):
        preflight.check(described, host(disk=939), set(), database=True)


def test_memory_that_does_not_fit_is_rejected_too(site, host):
    site.path.write_text(site.path.read_text() + "memory: {gunicorn: 151}\n")
    assert preflight.check(preflight.config.load(site.path), host(), set(), database=True).parts["gunicorn"] == 151
    site.path.write_text(site.path.read_text().replace("151", "400"))
    with pytest.raises(SlipwayError, match=r"^memory: with site.yml's .* gunicorn 400 .* take 239 MB off"):
        preflight.check(preflight.config.load(site.path), host(), set(), database=True)


def test_threads_that_postgresql_has_no_connections_for_are_rejected_too(site, host):
    site.path.write_text(site.path.read_text() + "gunicorn_threads: 4\n")
    assert preflight.check(preflight.config.load(site.path), host(), set(), database=True).threads == 4
    site.path.write_text(site.path.read_text().replace("gunicorn_threads: 4", "gunicorn_threads: 40"))
    with pytest.raises(SlipwayError, match=r"^gunicorn_threads: 40 in site.yml may open 80 connections"):
        preflight.check(preflight.config.load(site.path), host(), set(), database=True)


def test_names_are_not_asked_about_when_tls_ends_elsewhere(site, host):
    site.path.write_text(site.path.read_text() + "tls: none\n")
    changed = preflight.config.load(site.path)
    preflight.check(changed, host(resolved={"www.example.com": ()}), set(), database=True)


def test_a_server_behind_address_translation_is_known_by_the_address_that_it_is_reached_by(site, host):
    preflight.check(site, host(addresses=("127.0.0.1", "10.0.0.5")), {"203.0.113.7"}, database=True)


def test_a_resolver_that_the_site_can_reach_is_enough(site, host):
    preflight.check(site, host(resolvers=("169.254.169.254", "10.0.0.2")), {"203.0.113.7"}, database=True)


@pytest.fixture
def locks(tmp_path, monkeypatch):
    """A site's own lock files: Python → the Django that it has."""

    def write(**djangos):
        for python, django in djangos.items():
            shipped = (files.SHIPPED / f"web-3.{python[1:]}.txt").read_text()
            (tmp_path / f"web-3.{python[1:]}.txt").write_text(
                re.sub("^django==[^ ]*", f"django=={django}", shipped, flags=re.M)
            )

    monkeypatch.setattr(files, "SITE_LOCKS", tmp_path)
    monkeypatch.setattr(files, "SITE", tmp_path / "requirements.in")
    return write


def test_django_6_on_a_server_with_python_3_11_is_rejected_by_name(locks, site, host):
    locks(v12="6.0.4", v13="6.0.4")
    with pytest.raises(SlipwayError) as rejected:
        preflight.check(site, host(system="debian 12", python="3.11"), set(), database=True)
    assert str(rejected.value) == (
        "the server has Python 3.11, and Django 6.0.4 with the site's other packages is locked for 3.12 and 3.13: "
        f"{files.SITE_LOCKS}/web-3.11.txt does not exist; `make lock` shows what needs a newer Python"
    )


def test_another_django_than_the_one_that_builds_is_rejected_by_name(locks, site, host):
    locks(v13="6.1.3")
    with pytest.raises(SlipwayError, match=r"would have Django 6\.1\.3 .*, and this machine builds with 5\.2"):
        preflight.check(site, host(python="3.13"), set(), database=True)


def test_packages_that_were_not_locked_since_are_named(locks, site, host):
    locks(v13="5.2.9")
    files.SITE.write_text("wagtail>=7.4  # the pages\n")
    with pytest.raises(SlipwayError, match=r"in: wagtail>=7.4, but .*web-3.13.txt has no wagtail; run make lock"):
        preflight.check(site, host(python="3.13"), set(), database=True)


def test_a_server_that_a_site_moves_to_takes_no_deploy_before_it_has_arrived(site, host):
    arriving = host(move={"state": "arriving"})
    with pytest.raises(SlipwayError, match=r"^203\.0\.113\.7: a move to it is not done; name the old server"):
        preflight.check(site, arriving, set(), database=True)
    assert preflight.check(site, arriving, set(), database=True, moving=True)


def test_until_dns_has_changed_a_name_may_resolve_to_the_server_that_forwards(site, host):
    resolved = {"www.example.com": ("198.51.100.9",)}
    moved = host(resolved=resolved, move={"state": "arrived", "addresses": ["198.51.100.9"]})
    assert preflight.check(site, moved, set(), database=True)
    with pytest.raises(SlipwayError, match=r"resolves to 198\.51\.100\.9"):
        preflight.check(site, host(resolved=resolved), set(), database=True)


@pytest.mark.parametrize(("answer", "why"), [("", "systemd of 203.0.113.7 cannot read it"), ("never", "never comes")])
def test_a_time_that_the_server_s_systemd_cannot_read_or_reach_is_rejected_before_anything_is_changed(
    answer, why, site, host
):
    site.path.write_text(site.path.read_text() + "schedule: {clearsessions: daily}\n")
    described = preflight.config.load(site.path)
    with pytest.raises(SlipwayError, match=rf"schedule: clearsessions: when: 'daily UTC': .*{why}"):
        preflight.check(described, host(calendars={"daily UTC": answer}), set(), database=True)
    preflight.check(described, host(calendars={"daily UTC": "Wed 2026-12-02 00:00:00 UTC"}), set(), database=True)
    # CI's key does not ask.
    preflight.check(described, host(), set(), database=True)
