"""`make init`: a first site.yml by asking or from flags, and the secrets with it."""

import re

import pytest

from slipway.tool import config
from slipway.tool.__main__ import main
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets, password_file_of, path_of

SHIPPED = """\
# The domain that you own.
domain: example.com

# The VPS. Default: none.
#server: 203.0.113.10

#site: https://www.example.com
#email: you@example.com
seed: seed_wall
region: eu-central-1
#bucket: example-com
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The shipped file in a checkout of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    monkeypatch.delenv("CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "site.yml"
    file.write_text(SHIPPED)
    monkeypatch.setattr(config, "DEFAULT_PATH", file)
    return file


@pytest.fixture
def answer(monkeypatch):
    """Answers each question in turn, and gives the list of the questions asked."""

    def answer(*lines):
        asked, left = [], list(lines)

        def read(question):
            asked.append(question)
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr("builtins.input", read)
        return asked

    return answer


GIVEN = ["--domain", "mysite.org", "--server", "192.0.2.7", "--yes"]


def test_flags_fill_in_the_shipped_lines_and_leave_the_rest(file, capsys):
    assert main(["init", *GIVEN, "--email", "me@mysite.org", "--region", "us-east-1"]) == 0
    assert file.read_text() == (
        SHIPPED.replace("#server: 203.0.113.10", "server: 192.0.2.7")
        .replace("#email: you@example.com", "email: me@mysite.org")
        .replace("eu-central-1", "us-east-1")
        .replace("example.com", "mysite.org")
        .replace("example-com", "mysite-org")
    )
    output = capsys.readouterr().out
    assert "made  site.yml" in output and "make cdn" in output


def test_a_passphrase_of_the_backups_is_made_with_the_secrets_unless_there_are_none(file):
    assert main(["init", *GIVEN]) == 0
    made = Secrets.load(config.load(file)).backup
    assert made.keys() == {"BACKUP_PASSPHRASE"} and len(made["BACKUP_PASSPHRASE"]) == 43
    assert main(["init", *GIVEN, "--force"]) == 0
    assert Secrets.load(config.load(file)).backup == made
    path_of(config.load(file)).unlink()
    file.write_text(file.read_text() + "backup_bucket: none\n")
    assert main(["init"]) == 0
    assert Secrets.load(config.load(file)).backup == {}


def test_questions_show_defaults_and_ask_again(file, answer, capsys):
    asked = answer("https://mysite.org/", "www.mysite.org", "mysite.org", "", "", "Frankfurt", "us-east-1")
    assert main(["init"]) == 0
    site = config.load(file)
    assert (site.domain, site.server, site.email, site.region) == ("mysite.org", "mysite.org", "", "us-east-1")
    assert [re.search(r"\[(.*)\]", question or "") and re.search(r"\[(.*)\]", question)[1] for question in asked] == [
        None,
        None,
        None,
        "mysite.org",
        "none",
        "eu-central-1",
        "eu-central-1",
    ]
    assert "'https://mysite.org/' is not a domain" in capsys.readouterr().out


def test_the_secrets_are_made_with_a_key_of_their_own(file):
    assert main(["init", *GIVEN]) == 0
    site = config.load(file)
    assert len(Secrets.load(site).web["SECRET_KEY"]) >= 50
    assert password_file_of(site).stat().st_mode & 0o777 == 0o600
    assert "SECRET_KEY" not in path_of(site).read_text()


def test_a_file_that_is_filled_in_stays(file, capsys):
    main(["init", *GIVEN])
    before = {path: path.read_bytes() for path in (file, path_of(config.load(file)))}
    assert main(["init", "--domain", "other.org", "--yes"]) == 1
    assert main(["init"]) == 1
    assert "filled in already, for mysite.org; --force changes it" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


def test_force_changes_answers_and_keeps_the_rest_and_the_secrets(file):
    main(["init", *GIVEN])
    file.write_text(file.read_text() + "keep: 7\nbucket: photos\n")
    key = Secrets.load(config.load(file)).web
    assert main(["init", "--force", "--server", "192.0.2.8", "--yes"]) == 0
    site = config.load(file)
    assert (site.domain, site.server, site.keep, site.bucket) == ("mysite.org", "192.0.2.8", 7, "photos")
    assert Secrets.load(site).web == key


def test_a_file_filled_in_by_hand_gets_its_secrets(file, capsys):
    file.write_text("domain: mysite.org\nregion: eu-central-1\n")
    assert main(["init"]) == 0
    assert file.read_text() == "domain: mysite.org\nregion: eu-central-1\n"
    assert Secrets.load(config.load(file)).web
    assert "kept  site.yml" in capsys.readouterr().out


def test_config_names_a_second_site_that_starts_from_the_first(file, monkeypatch, capsys):
    main(["init", *GIVEN])
    first = file.read_text()
    file.write_text(first + "bucket: photos\nbackup_bucket: kept\nsite: https://mysite.org\n")
    monkeypatch.setenv("CONFIG", "staging.yml")
    assert main(["init", "--domain", "staging.mysite.org", "--yes"]) == 0
    site = config.load()
    assert (site.path.name, site.domain, site.bucket) == ("staging.yml", "staging.mysite.org", "staging-mysite-org")
    assert site.backup_bucket == "staging-mysite-org-backups"
    assert (site.site_url, site.server, site.seed) == ("https://staging.mysite.org", "staging.mysite.org", "seed_wall")
    assert path_of(site).name == "staging.secrets.yml" and path_of(site).exists()
    assert file.read_text().startswith(first)
    assert "CONFIG=staging.yml make deploy" in capsys.readouterr().out


def test_a_second_site_does_not_begin_with_the_first_one_s_keys_and_services(file, monkeypatch):
    main(["init", *GIVEN])
    own = "github: me/mysite\ncdn_logs: logs-of-mysite\nbackup_bucket: none\n"
    file.write_text(f"{file.read_text()}ci_key: {KEY}\n{own}")
    monkeypatch.setenv("CONFIG", "staging.yml")
    assert main(["init", "--domain", "staging.mysite.org", "--yes"]) == 0
    site = config.load()
    assert (site.ci_key, site.github, site.cdn_logs, site.backup_bucket) == ("", "", "", "")


def test_a_second_site_on_the_first_one_s_server_is_not_written(file, monkeypatch, capsys):
    main(["init", *GIVEN])
    monkeypatch.setenv("CONFIG", "staging.yml")
    capsys.readouterr()
    assert main(["init", "--domain", "staging.mysite.org", "--server", "192.0.2.7", "--yes"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slipway: staging.yml: server: 192.0.2.7 is that of site.yml too; each site has a server")
    assert not [path for path in file.parent.iterdir() if "staging" in path.name]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--yes"], "--domain: missing"),
        (["--yes", "--domain", "example.com"], "--domain: 'example.com' is not"),
        (["--yes", "--domain", "mysite.org", "--server", "a b"], "--server: 'a b' is not"),
        (["--yes", "--domain", "mysite.org", "--email", "me"], "--email: 'me' is not"),
        (["--domain", "mysite.org"], "--server: missing, and there is no terminal to ask"),
    ],
)
def test_a_wrong_flag_writes_nothing(flags, says, file, answer, capsys):
    answer()
    assert main(["init", *flags]) == 1
    assert capsys.readouterr().err.startswith(f"slipway: {says}")
    assert file.read_text() == SHIPPED
    assert [path.name for path in file.parent.iterdir()] == ["site.yml"]


def test_an_error_in_the_rest_of_the_file_is_reported_and_nothing_is_written(file, capsys):
    file.write_text("#domain: x\n")
    assert main(["init", *GIVEN]) == 1
    file.write_text(SHIPPED + "media: https://static.example.com\n")
    assert main(["init", *GIVEN]) == 1
    output = capsys.readouterr().err
    assert f"{file}: media: " in output and "draft" not in output
    assert [path.name for path in file.parent.iterdir()] == ["site.yml"]


def test_a_server_that_yaml_would_misread_is_quoted(file):
    assert main(["init", "--domain", "mysite.org", "--server", "no", "--yes"]) == 0
    assert config.load(file).server == "no"


def test_when_the_password_of_the_secrets_is_elsewhere_nothing_is_written(file, monkeypatch, capsys):
    monkeypatch.setenv(PASSWORD_VARIABLE, "/nowhere/password")
    assert main(["init", *GIVEN]) == 1
    assert f"{PASSWORD_VARIABLE} names it" in capsys.readouterr().err
    assert file.read_text() == SHIPPED


def test_another_providers_region_is_asked_for_by_that_providers_names(file, answer):
    r2 = "https://abc.r2.cloudflarestorage.com"
    file.write_text(f"domain: example.com\nprovider: cloudflare\nendpoint: {r2}\n")
    asked = answer("mysite.org", "192.0.2.7", "", "")
    assert main(["init"]) == 0
    assert asked[-1] == "The region of the buckets, as the provider calls it [auto]: "
    site = config.load(file)
    assert (site.provider, site.region, site.domain) == ("cloudflare", "auto", "mysite.org")
