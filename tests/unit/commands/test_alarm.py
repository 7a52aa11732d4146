"""`make alarm`: who is told, and what happened to a test."""

import json

import pytest

from slipway.tool import alarms, config
from slipway.tool.__main__ import main
from slipway.tool.commands import alarm
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError


@pytest.fixture
def described(tmp_path):
    """A site with ``alarms`` and secrets as given."""

    def make(text, web=None, secret=None):
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\nalarms: {text}\n")
        return config.load(file), Secrets(tmp_path / "s.yml", tmp_path / "p", web or {}, {}, {}, alarms=secret or {})

    return make


def test_who_is_told_comes_from_site_yml_and_the_secrets(described):
    mail = {"kind": "mail", "to": ["you@example.org"], "sender": "alarms@example.com"}
    site, secrets = described("{mail: you@example.org}", {"EMAIL_URL": "smtp+tls://u:p%40@smtp.example.com:587"})
    assert alarms.receivers(site, secrets) == {"mail": mail}
    for url, kind in (
        ("https://ntfy.sh/topic", "ntfy"),
        ("https://hooks.slack.com/services/T/B/x", "slack"),
        ("http://10.0.0.2:8080/alarm", "json"),
    ):
        assert alarms.receivers(*described("{}", secret={"ALARM_WEBHOOK": url})) == {"webhook": {"kind": kind}}
    named = described("{webhook: ntfy}", secret={"ALARM_WEBHOOK": "https://push.example.com/x"})
    assert alarms.receivers(*named) == {"webhook": {"kind": "ntfy"}}
    beat = described("{}", secret={"ALARM_HEARTBEAT": "https://hc-ping.com/x"})
    assert alarms.receivers(*beat) == {"heartbeat": {"kind": "heartbeat"}}
    assert alarms.receivers(*described("{}", {"EMAIL_URL": "consolemail://"})) == {}


@pytest.mark.parametrize(
    ("text", "web", "secret", "names"),
    [
        ("{mail: a@b.example}", {}, {}, "web: EMAIL_URL: missing, and `alarms` in site.yml sends mail by it"),
        ("{mail: a@b.example}", {"EMAIL_URL": "consolemail://canary"}, {}, "EMAIL_URL: expected a URL of smtp or"),
        ("{mail: a@b.example}", {"EMAIL_URL": "smtp://canary:x:25x"}, {}, "EMAIL_URL: expected a URL of smtp or"),
        ("{webhook: slack}", {}, {}, "alarms: ALARM_WEBHOOK: missing, and `alarms` in site.yml has a webhook"),
        ("{}", {}, {"ALARM_WEBHOOK": "canary"}, "ALARM_WEBHOOK: expected a URL of https or http, with a host"),
        ("{}", {}, {"ALARM_WEBHOOK": "https:///canary"}, "ALARM_WEBHOOK: expected a URL"),
        ("{}", {}, {"ALARM_WEBHOOK": "https://x.example/canary y"}, "ALARM_WEBHOOK: expected a URL"),
        ("{}", {}, {"ALARM_HEARTBEAT": "ftp://canary"}, "ALARM_HEARTBEAT: expected a URL"),
    ],
)
def test_what_is_missing_or_wrong_is_one_line_without_the_secret(text, web, secret, names, described):
    with pytest.raises(SlipwayError) as error:
        alarms.receivers(*described(text, web, secret))
    assert names in str(error.value) and "canary" not in str(error.value) and "\n" not in str(error.value)


def test_it_says_what_happened_to_each_and_ends_with_1_when_one_took_none(described, monkeypatch, capsys):
    site, secrets = described("{mail: you@example.org}", {"EMAIL_URL": "smtp://mail.example.com"})
    outcome = {"mail": "", "webhook": "hooks.slack.com:443 answers 404 Not Found: no_service"}

    class Server:
        def __init__(self, _):
            pass

        def agent(self, command):
            return json.dumps(outcome)

    monkeypatch.setattr(alarm, "Connection", Server)
    monkeypatch.setattr(alarm.config, "load", lambda: site)
    monkeypatch.setattr(alarm.Secrets, "load", lambda site: secrets)
    monkeypatch.setattr(alarm.mail_records, "missing", lambda sender, selector: ["SPF: none"])
    assert main(["alarm"]) == 1
    printed = capsys.readouterr().out
    assert "mail     taken\n" in printed and "for you@example.org; look there, and among the spam" in printed
    assert "webhook  NOT TAKEN: hooks.slack.com:443 answers 404 Not Found: no_service\n" in printed
    assert "warning: SPF: none\n" in printed
    outcome["webhook"] = ""
    assert main(["alarm"]) == 0
