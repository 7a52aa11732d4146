"""Each address of the CDN's hosts, of both families, has to be the CDN's."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from multidict import CIMultiDict

from static_smoke.checks import addresses
from static_smoke.checks.fetch import Asset
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts

HOSTS = Hosts("https://www.example.com/", "https://static.example.com/")
ASSET = "https://static.example.com/a.css"
CDN = Answer(ASSET, 200, CIMultiDict({"X-Cache": "Hit from cloudfront"}))
ORIGIN = Answer(ASSET, 404, CIMultiDict({"X-Origin": "slipway"}))
OTHER = Answer(ASSET, 200, CIMultiDict({"Server": "nginx"}))
AWAY = Answer(ASSET, 0, CIMultiDict(), error="Network is unreachable")
FOUR, MORE, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"
HOME, HOME6 = "198.51.100.7", "2001:db8:7::7"


class Network:
    """In the client's place: the addresses of both hosts, and who answers there."""

    def __init__(self, static, site):
        self.static, self.site = static, site

    async def addresses(self, url):
        return {(address, 443) for address in (self.static if "static." in url else self.site)}

    @asynccontextmanager
    async def at(self, address):
        self.there = self.static[address[0]]
        yield type("There", (), {"request": staticmethod(lambda url, there=self.there: _later(there))})


async def _later(answer):
    return answer


def check(static, site=(HOME,), usual=CDN, marker="X-Origin"):
    network = Network(static, site)
    assets = [Asset(ASSET, "style", HOSTS.site, answers=[usual])]
    facts, unseen = asyncio.run(addresses.check(network, HOSTS, assets, HOSTS.site, marker))
    return [fact.what for fact in facts], unseen


def test_a_host_whose_addresses_are_all_the_cdns_is_sound():
    assert check({FOUR: CDN, MORE: CDN, SIX: CDN}, site=(HOME, HOME6)) == ([], [])


@pytest.mark.parametrize(
    ("static", "address", "why"),
    [
        ({FOUR: CDN, HOME: ORIGIN}, HOME, "where the origin listens"),
        ({FOUR: CDN, HOME6: ORIGIN}, HOME6, "where the origin listens"),
        ({FOUR: CDN, HOME6: AWAY}, HOME6, "where the origin listens"),
        ({FOUR: CDN, MORE: ORIGIN}, MORE, "where the origin answers (X-Origin: slipway)"),
        ({FOUR: CDN, SIX: ORIGIN}, SIX, "where the origin answers (X-Origin: slipway)"),
        ({FOUR: CDN, SIX: OTHER}, SIX, "where no CDN answers (200)"),
    ],
)
def test_an_address_that_is_not_the_cdns_is_named(static, address, why):
    (what,), _ = check(static, site=(HOME, HOME6))
    assert what == f"static.example.com resolves to {address} port 443, {why}"


def test_two_of_them_are_one_finding():
    (what,), _ = check({HOME: ORIGIN, HOME6: ORIGIN, FOUR: CDN}, site=(HOME, HOME6))
    assert what.count("where the origin listens") == 2


def test_a_family_that_this_computer_does_not_reach_is_not_seen():
    found, (unseen,) = check({FOUR: CDN, SIX: AWAY})
    assert found == []
    assert unseen == f"this computer does not reach static.example.com by IPv6 ({SIX}: Network is unreachable)"


def test_an_address_that_does_not_answer_is_named():
    assert check({FOUR: CDN, MORE: AWAY}) == (
        [],
        [f"static.example.com does not answer at {MORE} (Network is unreachable)"],
    )


def test_site_and_files_behind_one_cdn_share_its_addresses():
    shared = {FOUR: CDN, SIX: AWAY}
    found, unseen = check(shared, site=tuple(shared))
    assert found == [] and len(unseen) == 1


def test_a_cdn_without_headers_of_its_own_is_not_accused():
    assert check({FOUR: OTHER, MORE: OTHER}, usual=OTHER) == ([], [])


def test_a_cdn_that_passes_the_origins_answer_on_is_at_its_own_address():
    """It is another fault: the answer's header."""
    pulled = Answer(ASSET, 200, CIMultiDict({"X-Origin": "slipway", "X-Cache": "Miss"}))
    assert check({FOUR: pulled, MORE: pulled}, usual=pulled) == ([], [])
    (what,) = check({FOUR: pulled, HOME: pulled}, usual=pulled)[0]
    assert what.endswith(f"{HOME} port 443, where the origin listens")


def test_a_cdn_that_pulls_from_the_origin_passes_its_marker_on():
    pulled = Answer(ASSET, 200, CIMultiDict({"X-Origin": "slipway", "X-Cache": "Hit"}))
    assert check({FOUR: pulled}, usual=pulled, marker="") == ([], [])
