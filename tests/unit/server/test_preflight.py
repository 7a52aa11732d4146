"""What is refused before anything on the server is changed, and in which words."""

import pytest

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
            ["DNS", "example.com leads to 198.51.100.9", "203.0.113.7", "site.yml"],
        ),
    ],
)
def test_an_unfit_host_is_refused_in_one_line(changes, names, site, host):
    with pytest.raises(SlipwayError) as refused:
        preflight.check(site, host(**changes), {"203.0.113.7"}, database=True)
    message = str(refused.value)
    assert "\n" not in message
    for name in names:
        assert name in message


def test_names_are_not_asked_about_when_tls_ends_elsewhere(site, host):
    site.path.write_text(site.path.read_text() + "tls: none\n")
    changed = preflight.config.load(site.path)
    preflight.check(changed, host(resolved={"www.example.com": ()}), set(), database=True)


def test_a_server_behind_address_translation_is_known_by_the_address_that_it_is_reached_by(site, host):
    preflight.check(site, host(addresses=("127.0.0.1", "10.0.0.5")), {"203.0.113.7"}, database=True)


def test_a_resolver_that_the_site_can_reach_is_enough(site, host):
    preflight.check(site, host(resolvers=("169.254.169.254", "10.0.0.2")), {"203.0.113.7"}, database=True)
