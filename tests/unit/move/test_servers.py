"""What is checked on both servers before anything changes; and how they reach each other."""

import dataclasses
import json
from types import SimpleNamespace

import pytest

from slipway.tool.move import servers
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError
from tests.unit.server.conftest import host, site

__all__ = ["host", "site"]
PLAN = {
    "move": {},
    "release": "20261201T010032Z-4a8d236a",
    "lock": "l-3.13",
    "postgresql": "17",
    "size": 9 << 20,
    "generation": "0001",
    "timeline": 1,
    "unarchived": "",
}
SECRETS = SimpleNamespace(web={})


class Answers:
    """A connection whose server answers ``plan``, and names itself ``name``."""

    restricted = False

    def __init__(self, name, plan=None, addresses=()):
        self.name, self.plan, self.found = name, {**PLAN, "certificate": "", **(plan or {})}, set(addresses)
        self.site = SimpleNamespace(server=name)
        self.said = {}

    def run(self, line):
        return self.name

    def agent(self, *words):
        return json.dumps(self.said.get(words[1], self.plan))

    def addresses(self):
        return self.found


@pytest.fixture
def check(site, host, monkeypatch):
    """Checks both servers, with these facts and this plan; returns the new one."""

    def check(there=None, here=None, plan=None, name="new", restricted=False):
        connections = {
            site.server: Answers("old", plan, ["203.0.113.7"]),
            "there": Answers(name, None, ["203.0.113.8"]),
        }
        connections[site.server].restricted = restricted
        facts = {
            "old": host(**{"layout": LAYOUT.version, "move": {}} | (here or {})),
            "new": host(
                **{"fingerprint": "", "layout": 0, "disk": 5000, "resolved": {}, "addresses": ("203.0.113.8",)}
                | (there or {})
            ),
        }
        monkeypatch.setattr(servers, "reach", lambda site, **_: connections[site.server])
        monkeypatch.setattr(
            servers.facts, "gather", lambda connection, asked: facts["new" if asked.server == "there" else "old"]
        )
        monkeypatch.setattr(servers.upload, "lock_of", lambda _: (None, "l-3.13"))
        old = servers.old(site)
        return servers.new(site, SECRETS, old, "there")

    return check


def test_dns_names_the_old_server_and_that_is_right(check):
    new = check(there={"resolved": {"www.example.com": ("203.0.113.7",)}})
    assert new.site.server == "there" and new.budget.workers == 2


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"restricted": True}, "a move needs a person's key"),
        ({"here": {"fingerprint": ""}}, "nothing was deployed there"),
        ({"here": {"layout": 2}}, "its last deploy was by another version of Slipway; run `make deploy` first"),
        ({"plan": {"release": ""}}, "no release serves there"),
        ({"plan": {"certificate": "the certificate ends soon"}}, "the certificate ends soon, .* renew it there first"),
        ({"plan": {"lock": "other-3.13"}}, "has other packages than this checkout's lock file"),
        ({"name": "old"}, "there is the server that serves the site"),
        ({"there": {"fingerprint": "f00"}}, "there: a site was deployed there already"),
        ({"there": {"disk": 2600}, "plan": {"size": 3 << 30}}, "a database of 3072 MB needs 3072; make room"),
        (
            {"there": {"disk": 2600}, "plan": {"size": 1 << 30, "unarchived": "no backup"}},
            "there: / has 2600 MB free, and a database of 1024 MB needs 3072; make room",
        ),
        ({"there": {"resolved": {"www.example.com": ("192.0.2.1",)}}}, "resolves to 192.0.2.1"),
        ({"there": {"system": "debian 11"}}, "there runs debian 11"),
    ],
)
def test_what_cannot_be_moved_is_rejected_in_one_line_before_anything_changes(how, why, check):
    with pytest.raises(SlipwayError, match=why) as rejected:
        check(**how)
    assert "\n" not in str(rejected.value)


def test_the_new_server_of_an_unfinished_move_is_taken_again(check):
    assert check(there={"fingerprint": "f00", "move": {"state": "arriving"}, "layout": LAYOUT.version})


@pytest.mark.parametrize(
    ("there", "plan", "how"),
    [
        ({}, {}, ("wal", "PostgreSQL 17 on both")),
        ({}, {"unarchived": "it has no full backup yet"}, ("dump", "it has no full backup yet")),
        ({}, {"postgresql": "15"}, ("dump", "PostgreSQL 15 to 17")),
        ({"machine": "aarch64"}, {}, ("dump", "debian 13 on x86_64 to debian 13 on aarch64")),
        ({"system": "ubuntu 24.04"}, {"postgresql": "16"}, ("dump", "debian 13 on x86_64 to ubuntu 24.04 on x86_64")),
    ],
)
def test_the_database_travels_by_wal_between_servers_of_one_kind_and_as_a_dump_otherwise(there, plan, how, host):
    before = servers.Old(None, None, host(system="debian 13", machine="x86_64"), PLAN | plan)
    after = servers.New(None, None, host(**{"system": "debian 13", "machine": "x86_64"} | there), None)
    assert servers.way(SECRETS, before, after) == how
    elsewhere = SimpleNamespace(web={"DATABASE_URL": "postgres://there/slipway"})
    assert servers.way(elsewhere, before, after)[0] == "none"


@pytest.fixture
def find(site):
    """The address that is found where the old server says these ``faults``, and the new one has ``seen`` these."""

    def find(faults, seen):
        old, new = Answers("old"), Answers("new", addresses=["127.0.0.1", *faults][:2])
        old.said["reach"], new.said["seen"] = faults, seen
        pair = (
            servers.Old(site, old, None, PLAN),
            servers.New(
                dataclasses.replace(site, server="new"), new, SimpleNamespace(addresses=("fe80::1", *faults)), None
            ),
        )
        return servers.find_address(*pair)

    return find


def test_the_first_address_that_answers_is_taken_and_the_old_server_s_as_the_new_one_sees_it(find):
    assert find({"192.0.2.1": "timed out", "10.0.0.2": ""}, {"1": "10.0.0.1"}) == ("10.0.0.2", "10.0.0.1")


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ({"192.0.2.1": "certificate verify failed"}, "192.0.2.1: certificate verify failed"),
        ({"192.0.2.1": ""}, "192.0.2.1: another server answers there"),
    ],
)
def test_a_new_server_that_cannot_prove_that_it_is_the_one_is_rejected(faults, why, find):
    with pytest.raises(SlipwayError, match=f"does not reach new on port 443 as www.example.com: {why}; let it through"):
        find(faults, {})
