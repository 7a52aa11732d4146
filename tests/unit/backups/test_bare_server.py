"""What a deploy to an empty database does with the backups in the bucket."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from slipway.tool.backups import bare_server, listing
from slipway.tool.backups.bare_server import choose
from slipway.web.errors import SlipwayError

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "BACKUP_PASSPHRASE": "c"}


def at(hour):
    return datetime(2026, 12, 1, hour, 14, 59, tzinfo=UTC)


def generation(name, *hours, problems=()):
    return listing.Generation(name, spans=((at(hours[0]), at(hours[1])),) if hours else (), problems=problems)


OLD, NEW = generation("0001", 1, 5), generation("0002", 6, 10)


@pytest.fixture
def ask(described, monkeypatch):
    """Chooses for a server of these facts and a bucket with the generations ``found``; if None it may not be asked."""

    def choosing(wanted="", as_of="", *, found=(NEW, OLD), bucket="backups", web=(), keys=KEYS, **facts):
        def generations(client, asked, passphrase, at=None):
            assert found is not None, "the bucket was listed"
            assert (asked, passphrase) == ("backups", "c")
            assert (client == "restorer's") == bool(at) == bool(as_of)
            if isinstance(found, SlipwayError):
                raise found
            return list(found)

        monkeypatch.setattr(bare_server.listing, "generations", generations)
        site = described("cloudfront", backup_bucket=bucket, server="203.0.113.7")
        host = SimpleNamespace(**{"current": "", "has_data": False, "generation": "", "restored": False} | facts)
        monkeypatch.setattr(bare_server.objects, "reader", lambda *_: "restorer's")
        return choose(site, SimpleNamespace(web=dict(web), backup=keys), host, wanted, as_of)

    return choosing


def test_an_empty_database_is_not_put_beside_one_in_the_bucket_unasked(ask):
    with pytest.raises(SlipwayError) as asked:
        ask()
    assert str(asked.value) == (
        "203.0.113.7: its database is empty, and backups has one: generation 0002, until 2026-12-01 10:14:59 UTC; "
        "`make deploy RESTORE=latest` restores it, `make deploy RESTORE=no` starts empty beside it"
    )


def test_latest_is_the_newest_generation_to_its_end(ask):
    source = ask("latest")
    assert (source.generation, source.time) == ("0002", None)
    assert str(source) == "generation 0002 to its end, 2026-12-01 10:14:59 UTC"


def test_a_generation_without_a_backup_yet_does_not_hide_the_one_before(ask):
    assert ask("latest", found=(generation("0003"), NEW, OLD)).generation == "0002"


def test_a_time_is_of_the_generation_that_was_there_then(ask):
    source = ask("2026-12-01T05:00:00+01:00")
    assert (source.generation, source.time) == ("0001", datetime(2026, 12, 1, 4, tzinfo=UTC))
    assert str(source) == "generation 0001 as it was at 2026-12-01 04:00:00 UTC"


def test_to_start_empty_asks_no_bucket(ask):
    """It may be away."""
    assert ask("no", found=None) is None


def test_a_bucket_that_is_away_is_not_taken_for_an_empty_one(ask):
    with pytest.raises(SlipwayError, match="away"):
        ask(found=SlipwayError("away"))


@pytest.mark.parametrize("wanted", ["", "latest", "2026-12-01 04:00:00"])
def test_a_generation_that_cannot_be_read_may_have_what_is_looked_for(wanted, ask):
    with pytest.raises(SlipwayError, match=r"generation 0003 in s3://backups: a wrong passphrase"):
        ask(wanted, found=(generation("0003", problems=("a wrong passphrase",)), OLD))


@pytest.mark.parametrize("found", [(), (generation("0001"),)])
def test_a_first_deploy_is_not_asked(found, ask):
    """A claim without a backup is one that was interrupted."""
    assert ask(found=found) is None


@pytest.mark.parametrize("wanted", ["", "latest"])
def test_the_generation_of_the_empty_database_itself_is_none_to_restore(wanted, ask):
    """A deploy that was interrupted may have left one, with a backup by the timer."""
    own = {"generation": "0003", "found": (generation("0003", 11, 12), NEW)}
    if wanted:
        assert ask(wanted, **own).generation == "0002"
    else:
        with pytest.raises(SlipwayError, match="generation 0002"):
            ask(wanted, **own)
        assert ask(wanted, found=own["found"][:1], generation="0003") is None


@pytest.mark.parametrize("wanted", ["latest", "no", "2026-12-01 04:00:00"])
def test_a_server_with_data_is_not_restored_by_a_deploy(wanted, ask):
    with pytest.raises(SlipwayError, match=r"203\.0\.113\.7 has a database with data.*`make restore`"):
        ask(wanted, found=None, has_data=True, current="1")
    assert ask(found=None, has_data=True, current="1") is None


def test_an_interrupted_deploy_goes_on_where_it_ended(ask):
    restored = {"found": None, "has_data": True, "restored": True, "generation": "0003"}
    assert ask("latest", **restored) is None
    # It had begun empty, and its migrations have run.
    assert ask("no", found=None, has_data=True) is None
    with pytest.raises(SlipwayError, match="`make restore`"):
        ask("latest", found=None, has_data=True)


@pytest.mark.parametrize(
    ("wanted", "changes", "said"),
    [
        ("latest", {"bucket": ""}, "RESTORE: this site has no backups: backup_bucket is none"),
        ("latest", {"keys": {}}, "RESTORE: this site has no backups: the secrets have no key to them; run `make cdn`"),
        ("latest", {"web": {"DATABASE_URL": "postgres://db/x"}}, "RESTORE: the database is elsewhere (DATABASE_URL), "),
        ("latest", {"found": ()}, "RESTORE: backups has no backup that can be restored; "),
        ("tomorrow", {}, 'RESTORE=tomorrow: no time; write it like RESTORE="2026-12-01 10:14:59", which is UTC'),
        ("2026-12-01 05:30:00", {}, "RESTORE: 2026-12-01 05:30:00 UTC is before the end of the first backup, "),
    ],
)
def test_what_cannot_be_restored_is_one_line(wanted, changes, said, ask):
    with pytest.raises(SlipwayError) as rejected:
        ask(wanted, **changes)
    assert str(rejected.value).startswith(said) and "\n" not in str(rejected.value)


@pytest.mark.parametrize("changes", [{"bucket": ""}, {"keys": {}}, {"web": {"DATABASE_URL": "postgres://db/x"}}])
def test_without_backups_of_the_server_s_own_database_nothing_is_asked(changes, ask):
    assert ask(found=None, **changes) is None
    assert ask("no", found=None, **changes) is None


def test_the_server_is_told_the_generation_and_the_time(ask):
    told = []
    connection = SimpleNamespace(agent=lambda *words: told.append(words) or "done")
    assert bare_server.restore(None, None, connection, ask("latest")) == "done"
    bare_server.restore(None, None, connection, ask("2026-12-01 04:00:00"))
    assert told == [("restore", "0002"), ("restore", "0001", "--time", "2026-12-01T04:00:00+00:00")]


AS_OF = "2025-12-01 09:00:00"


def test_backups_that_were_destroyed_are_read_as_the_bucket_had_them(ask):
    """The server's own key reads no version."""
    source = ask("latest", AS_OF)
    assert (source.generation, source.as_of) == ("0002", datetime(2025, 12, 1, 9, tzinfo=UTC))
    assert str(source).endswith(", of the bucket as it was at 2025-12-01 09:00:00 UTC")
    with pytest.raises(
        SlipwayError, match=r"^RESTORE: backups has no backup that can be restored and had none at 2025"
    ):
        ask("latest", AS_OF, found=())


@pytest.mark.parametrize("wanted", ["", "no"])
def test_a_time_of_the_bucket_needs_something_to_restore(wanted, ask):
    with pytest.raises(SlipwayError, match=r"^AS_OF names the backups that a restore takes: give RESTORE=latest"):
        ask(wanted, AS_OF, found=None)


def test_a_time_of_the_bucket_that_has_not_come_is_rejected(ask):
    with pytest.raises(SlipwayError, match=r"^AS_OF=2100-01-01: .* has not come"):
        ask("latest", "2100-01-01", found=None)


@pytest.mark.parametrize("as_of", [None, datetime(2025, 12, 1, 9, tzinfo=UTC)])
def test_versions_are_copied_to_a_place_of_their_own_and_restored_from_there(as_of, monkeypatch):
    monkeypatch.setattr(bare_server.objects, "reader", lambda *_: "restorer's")
    monkeypatch.setattr(bare_server.versions, "copy_as_of", lambda *words: f"/{'-'.join(map(str, words))}")
    asked = []
    connection = SimpleNamespace(agent=lambda *words: asked.append(words))
    site = SimpleNamespace(backup_bucket="backups")
    bare_server.restore(site, None, connection, bare_server.Source("0002", at(10), None, as_of))
    assert asked == [("restore", "0002", *(("--path", f"/restorer's-backups-0002-{as_of}") if as_of else ()))]
