"""Two sites of one checkout: no two have one server, name or bucket, and neither stops the other's commands."""

import pytest

from slipway.tool import config
from slipway.tool.config import loading
from slipway.tool.secrets import path_of
from slipway.web.errors import SlipwayError

FIRST = "domain: mysite.org\nregion: eu-central-1\nserver: 203.0.113.7\nbucket: photos\naliases: [shop.mysite.org]\n"
SECOND = "domain: staging.mysite.org\nregion: eu-central-1\nserver: 203.0.113.8\n"


@pytest.fixture
def second(tmp_path, monkeypatch):
    """Loads staging.yml with ``changes`` of lines, beside site.yml."""
    first = tmp_path / "site.yml"
    first.write_text(FIRST)
    monkeypatch.setattr(loading, "DEFAULT_PATH", first)

    def load(*lines):
        keys = {line.partition(":")[0] for line in lines}
        kept = [line for line in SECOND.splitlines() if line.partition(":")[0] not in keys]
        (tmp_path / "staging.yml").write_text("\n".join([*kept, *lines, ""]))
        return config.load(tmp_path / "staging.yml")

    load.first = first
    return load


def test_a_second_site_with_its_own_things_is_loaded(second):
    site = second()
    assert (site.name, site.bucket, site.server) == ("staging-mysite-org", "staging-mysite-org", "203.0.113.8")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("server: 203.0.113.7", "server: 203.0.113.7 is that of site.yml too; each site has a server of its own"),
        ("domain: mysite.org", "domain: mysite.org is that of site.yml too; each site has a domain of its own"),
        ("site: https://www.mysite.org", "site: https://www.mysite.org is that of site.yml too"),
        ("static: https://static.mysite.org", "static: https://static.mysite.org is that of site.yml too"),
        ("media: https://static.mysite.org", "media: https://static.mysite.org is that of site.yml too"),
        ("bucket: photos", "bucket: bucket photos is that of site.yml too; each site has buckets of its own"),
        ("media_bucket: photos", "media_bucket: bucket photos is that of site.yml too"),
        ("backup_bucket: photos-backups", "backup_bucket: bucket photos-backups is that of site.yml too"),
        ("aliases: [shop.mysite.org]", "shop.mysite.org is a name of site.yml too"),
        ("redirects: [www.mysite.org]", "www.mysite.org is a name of site.yml too"),
    ],
)
def test_what_is_the_first_one_s_is_rejected_by_name(line, says, second):
    with pytest.raises(SlipwayError) as told:
        second(line)
    assert says in str(told.value) and "staging.yml: " in str(told.value)
    # The first site's own commands go on.
    assert config.load(second.first).server == "203.0.113.7"


@pytest.mark.parametrize("text", ["domain: [", "nothing: of ours\n", "domain: staging.mysite.org\n", "\xff", "1: 2"])
def test_a_file_that_describes_no_site_yet_stops_nothing(text, second, tmp_path):
    (tmp_path / "another.yml").write_bytes(text.encode("latin-1"))
    (tmp_path / "site.secrets.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    assert second().domain == "staging.mysite.org"


def test_a_file_with_an_error_is_named_by_its_own_commands_alone(second):
    second.first.write_text(f"{FIRST}statik: x\n")
    # What it has is not known, so it is compared with nothing.
    assert second("server: 203.0.113.7").server == "203.0.113.7"
    with pytest.raises(SlipwayError, match="statik"):
        config.load(second.first)


def test_two_domains_that_make_one_name_are_rejected(second):
    second.first.write_text(FIRST.replace("mysite.org", "staging-mysite.org"))
    with pytest.raises(SlipwayError) as told:
        second()
    says = "domain: staging.mysite.org and staging-mysite.org of site.yml are both staging-mysite-org in the names of"
    assert says in str(told.value)


def test_one_cdn_service_is_not_two_sites(second):
    fastly = ["provider: fastly", "region: eu-central", "endpoint: https://eu-central.object.fastlystorage.app"]
    first = FIRST.replace("region: eu-central-1", "\n".join(fastly))
    second.first.write_text(f"{first}cdn_id: S3rvice\n")
    with pytest.raises(SlipwayError, match=r"cdn_id: S3rvice is that of site\.yml too; each site has a CDN service"):
        second(*fastly, "cdn_id: S3rvice")


@pytest.mark.parametrize(
    ("name", "says"), [("none.yml", "no such file; name yours with CONFIG=path"), ("a-folder", "Is a directory")]
)
def test_what_is_no_file_is_named(name, says, tmp_path, monkeypatch):
    (tmp_path / "a-folder").mkdir()
    monkeypatch.setenv("CONFIG", str(tmp_path / name))
    with pytest.raises(SlipwayError) as told:
        config.load()
    assert str(told.value).startswith(f"{tmp_path / name}: ") and says in str(told.value)


def test_a_path_from_another_folder_names_the_same_files(second, tmp_path, monkeypatch):
    second()
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    monkeypatch.setenv("CONFIG", "../staging.yml")
    assert path_of(config.load()).resolve() == tmp_path / "staging.secrets.yml"
    second.first.write_text(FIRST.replace("203.0.113.7", "203.0.113.8"))
    with pytest.raises(SlipwayError, match=r"server: 203\.0\.113\.8 is that of site\.yml too"):
        config.load()
