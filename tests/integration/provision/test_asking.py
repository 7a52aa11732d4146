"""`make destroy` asks for confirmation, and again for uploads and backups."""

import sys
from collections.abc import Callable

import pytest

from slipway.tool import config
from slipway.tool.__main__ import main
from slipway.tool.cdn import cloudfront
from slipway.tool.commands import destroy as command
from slipway.tool.secrets import Secrets
from tests.integration.provision.conftest import Cloud
from tests.integration.provision.test_whole import WHOLE

Destroy = Callable[..., int]


@pytest.fixture
def destroy(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch) -> Destroy:
    """Runs the command on a site with an upload and a backup, and answers its questions; they are in ``asked``."""
    cloudfront.provision(site, Secrets.load(site))
    cloud.put("example-com-media", "media/public/a.jpg", b"one", b"two!")
    cloud.put("example-com-backups", "database/0001/backup.info", b"one")

    def run(*arguments: str, answers: tuple[str, ...] = ()) -> int:
        waiting = iter(answers)

        def answer(question: str) -> str:
            run.asked.append(question)
            return next(waiting, "")

        monkeypatch.setattr(command, "_ask", answer)
        return main(["destroy", *arguments])

    run.asked = []
    return run


def test_without_the_domain_nothing_goes(cloud: Cloud, destroy: Destroy, capsys):
    assert destroy(answers=("yes",)) == 1
    assert cloud.inventory() == WHOLE
    said = capsys.readouterr()
    assert "delete bucket example-com-media and all that is in it" in said.out
    assert said.err == "slipway: nothing was destroyed; without a terminal, YES=1 confirms it\n"


KEPT = {"buckets": ["example-com-backups", "example-com-media"]}


def test_the_domain_alone_keeps_uploads_and_backups(cloud: Cloud, destroy: Destroy, capsys):
    assert destroy(answers=("example.com", "", "")) == 0
    assert cloud.inventory() == KEPT
    assert "holds 2 uploads and old versions of them (0.0 MB). Type example-com-media to lose them" in destroy.asked[1]
    assert "holds 1 files of the database's backups and old versions of them (0.0 MB). Type" in destroy.asked[2]
    said = capsys.readouterr().out
    assert "count  what bucket example-com-backups holds, with its old versions" in said
    assert "note: bucket example-com-media stays" in said and "note: bucket example-com-backups stays" in said


def test_each_buckets_own_name_takes_it_too(cloud: Cloud, destroy: Destroy):
    assert destroy(answers=("example.com", "example-com-media", "example-com")) == 0
    assert cloud.inventory() == {"buckets": ["example-com-backups"]}
    assert destroy(answers=("example.com", "example-com-backups")) == 0
    assert cloud.inventory() == {}


def test_yes_is_no_word_about_uploads_and_backups(cloud: Cloud, destroy: Destroy):
    assert destroy("--yes") == 0
    assert cloud.inventory() == KEPT
    assert len(destroy.asked) == 2


def test_all_switches_ask_nothing(cloud: Cloud, destroy: Destroy, capsys):
    assert destroy("--yes", "--media", "--backups") == 0
    assert (cloud.inventory(), destroy.asked) == ({}, [])
    assert destroy("--yes") == 0
    assert "nothing to destroy: this account has nothing that `make cdn` made" in capsys.readouterr().out


def test_nobody_at_the_terminal_answers_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert command._ask("? ") == ""
