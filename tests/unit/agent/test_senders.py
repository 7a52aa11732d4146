"""What each kind of receiver is sent, by the program that sends on a server, and what is said when one takes none."""

import email
import email.policy
import json
import os
import subprocess
import sys

import pytest

from rehearsal.sinks import http_sink, smtp_sink

BEGIN = {
    "id": "0f1e",
    "event": "begin",
    "site": "www.example.com",
    "name": "pages",
    "title": "[www.example.com] pages fail: / answers 500",
    "text": "pages fail: / answers 500: `make logs`\n\nSeen since 2026-12-01 & <later>",
    "began": "2026-12-01 04:00:00 UTC",
    "lasted": None,
}


@pytest.fixture(scope="module")
def http():
    with http_sink() as server:
        yield server


@pytest.fixture(scope="module")
def smtp():
    with smtp_sink() as server:
        yield server


@pytest.fixture(autouse=True)
def emptied(http, smtp):
    for server in (http, smtp):
        server.taken.clear()
        server.answer = None


def rejected(host, receiver, message=BEGIN):
    with pytest.raises(host.senders.Rejected) as error:
        host.senders.send(receiver, message)
    assert "\n" not in str(error.value)
    return str(error.value)


def webhook(server, kind, path="/topic-secret"):
    return {"kind": kind, "url": f"http://127.0.0.1:{server.port}{path}"}


def mail(server, **more):
    to = ["anna@example.com", "ben@example.com"]
    return {"kind": "mail", "url": f"smtp://127.0.0.1:{server.port}", "to": to, "sender": "alarms@example.com"} | more


def test_json_is_the_message_itself(host, http):
    host.senders.send(webhook(http, "json", "/hook?key=1"), BEGIN)
    ((method, path, headers, body),) = http.taken
    assert (method, path, headers["Content-Type"]) == ("POST", "/hook?key=1", "application/json")
    assert json.loads(body) == BEGIN


def test_ntfy_has_the_title_in_a_header_and_the_text_as_the_body(host, http):
    host.senders.send(webhook(http, "ntfy"), BEGIN)
    host.senders.send(webhook(http, "ntfy"), BEGIN | {"event": "end", "title": "über"})
    (_, path, first, body), (*_, second, _) = http.taken
    assert (path, body) == ("/topic-secret", BEGIN["text"])
    assert (first["Title"], first["Priority"], first["Tags"]) == (BEGIN["title"], "high", "warning")
    assert (second["Title"], second["Priority"], second["Tags"]) == ("?ber", "default", "white_check_mark")


def test_slack_gets_one_text_without_markup_from_the_server(host, http):
    host.senders.send(webhook(http, "slack"), BEGIN)
    text = json.loads(http.taken[0][3])["text"]
    assert text.startswith(f"*{BEGIN['title']}*\npages fail: ") and text.endswith("2026-12-01 &amp; &lt;later&gt;")


def test_a_heartbeat_asks_for_its_url(host, http):
    host.senders.send(webhook(http, "heartbeat", "/beat"), {})
    assert [(method, path, body) for method, path, _, body in http.taken] == [("GET", "/beat", "")]


def test_a_password_in_the_url_is_basic_authentication(host, http):
    url = f"http://me:p%40ss@127.0.0.1:{http.port}/topic"
    host.senders.send({"kind": "ntfy", "url": url}, BEGIN)
    assert http.taken[0][2]["Authorization"] == "Basic bWU6cEBzcw=="


def test_mail_goes_to_everybody_once_and_is_known_again(host, smtp):
    host.senders.send(mail(smtp), BEGIN)
    (text,) = smtp.taken
    sent = email.message_from_string(text, policy=email.policy.default)
    assert (sent["Subject"], sent["From"]) == (BEGIN["title"], "alarms@example.com")
    assert sent["To"] == "anna@example.com, ben@example.com"
    assert (sent["Message-ID"], sent["Auto-Submitted"]) == ("<0f1e@example.com>", "auto-generated")
    assert "pages fail: / answers 500: `make logs`" in sent.get_content()


def test_an_answer_that_is_no_success_is_said_without_the_url(host, http):
    for status in (404, 500, 302):
        http.answer = status
        said = rejected(host, webhook(http, "json"))
        assert said.startswith(f"127.0.0.1:{http.port} answers {status}") and "secret" not in said
    assert http.taken == [], "and a redirect is not followed: the URL is a secret"


def test_a_recipient_that_is_rejected_is_named(host, smtp):
    smtp.answer = (550, "no such user")
    said = rejected(host, mail(smtp))
    assert said == (
        f"127.0.0.1:{smtp.port} takes no mail for anna@example.com: 550 no such user; ben@example.com: 550 no such user"
    )


@pytest.mark.parametrize("kind", ["json", "mail"])
def test_one_that_is_not_there_is_one_line(kind, host, http):
    from rehearsal.processes import free_port

    url = f"{'smtp' if kind == 'mail' else 'http'}://127.0.0.1:{(port := free_port())}/secret"
    said = rejected(host, {"kind": kind, "url": url, "to": ["a@b.example"], "sender": "c@d.example"})
    assert said == f"127.0.0.1:{port}: Connection refused"


def test_a_blocked_port_25_says_which_one_is_open(host, smtp, monkeypatch):
    def closed(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr(host.senders.smtplib, "SMTP", closed)
    said = rejected(host, mail(smtp, url="smtp://mail.example.com"))
    assert said.startswith("mail.example.com:25 does not answer within 10 s; many providers block port 25")
    assert "587" not in rejected(host, mail(smtp, url="smtp://mail.example.com:2525"))


def test_one_that_hangs_is_given_up(host, http, monkeypatch):
    monkeypatch.setattr(host.senders, "SECONDS", 0.2)
    http.answer = "hang"
    assert "does not answer within" in rejected(host, webhook(http, "json"))
    http.gate.set()
    http.gate.clear()


def test_the_program_says_it_on_stdout_and_reads_the_secret_from_stdin(unpacked, http):
    """As `outbox` runs it: no secret among the arguments."""
    line = [sys.executable, "-c", "import sys; from agent.senders import main; sys.exit(main())"]

    def run(**answer):
        asked = json.dumps({"receiver": webhook(http, "json"), "message": BEGIN})
        environment = {"PATH": os.defpath, "PYTHONPATH": str(unpacked)}
        return subprocess.run(line, input=asked, capture_output=True, text=True, env=environment, check=True).stdout

    assert run() == "" and len(http.taken) == 1
    http.answer = 410
    assert run() == f"127.0.0.1:{http.port} answers 410 Gone\n"
