"""The command line's options; a password is never among them."""

import os
import tomllib

import pytest

from slipway import ROOT
from static_smoke.options import parse

SITE = ["--site", "https://www.example.com"]


def test_a_site_is_enough():
    options = parse(SITE)
    assert options.site == "https://www.example.com/"
    assert options.login is None


def test_a_proof_is_full_unless_the_quick_one_is_asked_for():
    assert parse(SITE).depth == "full"
    assert parse([*SITE, "--depth", "quick", "--depth", "full"]).depth == "full"


def test_the_login_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("SMOKE_LOGIN", "ada:love:lace")
    assert parse(SITE).login == ("ada", "love:lace")
    assert "SMOKE_LOGIN" not in os.environ, "the browser and its driver would inherit it"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a.test:443:127.0.0.1", {("a.test", 443): ("127.0.0.1", 443)}),
        ("a.test:443:127.0.0.1:8443", {("a.test", 443): ("127.0.0.1", 8443)}),
        ("a.test:443:[::1]:8443", {("a.test", 443): ("::1", 8443)}),
    ],
)
def test_resolve_names_address_and_port(text, wanted):
    assert parse([*SITE, "--resolve", text]).resolve == wanted


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--site", "www.example.com"],
        [*SITE, "--resolve", "a.test"],
        [*SITE, "--manifest", "/no/such/file"],
        [*SITE, "--browser", "/no/such/file"],
    ],
)
def test_what_makes_no_sense_is_rejected(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(argv)
    assert stop.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_the_package_requires_what_the_lock_file_was_made_from():
    package = tomllib.loads((ROOT / "tests/smoke/pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements/smoke.in").read_text().splitlines()
    written = [line.partition("#")[0].strip() for line in lines]
    assert package["dependencies"] == [line for line in written if line]
