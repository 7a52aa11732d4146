"""`make destroy` asks for confirmation, and again for the uploads."""

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
    """Runs the command on a site with an upload, and answers its questions; they are in ``asked``."""
    cloudfront.provision(site, Secrets.load(site))
    cloud.put("example-com-media", "media/public/a.jpg", b"one", b"two!")

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


def test_the_domain_alone_keeps_the_uploads(cloud: Cloud, destroy: Destroy, capsys):
    assert destroy(answers=("example.com", "")) == 0
    assert cloud.inventory() == {"buckets": ["example-com-media"]}
    assert "holds 2 uploads and old versions of them (0.0 MB). Type example-com-media to lose them" in destroy.asked[1]
    assert "note: bucket example-com-media stays" in capsys.readouterr().out


def test_the_buckets_own_name_takes_them_too(cloud: Cloud, destroy: Destroy):
    assert destroy(answers=("example.com", "example-com-media")) == 0
    assert cloud.inventory() == {}


def test_yes_is_no_word_about_the_uploads(cloud: Cloud, destroy: Destroy):
    assert destroy("--yes") == 0
    assert cloud.inventory() == {"buckets": ["example-com-media"]}
    assert len(destroy.asked) == 1


def test_both_switches_ask_nothing(cloud: Cloud, destroy: Destroy, capsys):
    assert destroy("--yes", "--media") == 0
    assert (cloud.inventory(), destroy.asked) == ({}, [])
    assert destroy("--yes") == 0
    assert "nothing to destroy: this account has nothing that `make cdn` made" in capsys.readouterr().out


def test_nobody_at_the_terminal_answers_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert command._ask("? ") == ""
