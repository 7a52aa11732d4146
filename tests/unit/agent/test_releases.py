"""Which releases there are, which one a rollback takes, which are pruned."""

import pytest


def test_a_bare_host_has_none(host):
    assert (host.releases.current(), host.releases.ids(), host.releases.listing()) == ("", [], [])
    with pytest.raises(host.paths.HostError, match="nothing to go back to"):
        host.releases.previous()


def test_the_one_before_is_the_newest_older_one_that_has_served(host, release):
    release("20260101T000000Z-a")
    release("20260102T000000Z-b")
    release("20260103T000000Z-c", served=False)
    release("20260104T000000Z-d", current=True)
    release("20260105T000000Z-e")
    assert host.releases.previous() == "20260102T000000Z-b"


def test_going_back_past_the_oldest_is_rejected(host, release):
    release("20260101T000000Z-a", current=True)
    release("20260102T000000Z-b")
    with pytest.raises(host.paths.HostError, match="older than 20260101T000000Z-a"):
        host.releases.previous()


def test_a_release_is_found_by_the_beginning_of_its_id(host, release):
    release("20260101T000000Z-a")
    release("20260201T000000Z-b")
    assert host.releases.find("202602") == "20260201T000000Z-b"
    with pytest.raises(host.paths.HostError, match="several releases begin so"):
        host.releases.find("2026")
    with pytest.raises(host.paths.HostError, match="no such release; there are: 20260101T000000Z-a, 20260201"):
        host.releases.find("2027")


def test_prune_keeps_the_newest_that_served_and_the_one_that_serves(host, release):
    release("1", venv="old", current=True)
    for name in "2345":
        release(name)
    release("6", served=False, venv="never")
    (host.root / "releases" / "7.partial").mkdir()
    gone = host.releases.prune(2)
    assert gone == ["2", "3", "6", "venv never"]
    assert host.releases.ids() == ["1", "4", "5"]
    assert sorted(each.name for each in host.paths.VENVS.iterdir()) == ["lock-a", "old"]
    assert not list(host.paths.RELEASES.glob("*.partial"))
    assert sorted(each.stem for each in host.paths.METADATA.iterdir()) == ["1", "4", "5"]


def test_the_list_is_newest_first_and_knows_which_serves(host, release):
    release("1")
    release("2", current=True)
    assert [(each["id"], each["current"]) for each in host.releases.listing()] == [("2", True), ("1", False)]
