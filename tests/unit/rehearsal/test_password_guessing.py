"""A password list counts as rejected only if each guess was wrong or got a Retry-After."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from rehearsal.steps import password_guessing
from static_smoke.options import Options

FORM = (
    '<form method="post"><input name="name"><input type="hidden" name="token" value="t">'
    '<input type="password" name="secret"></form>'
)
OURS, NGINXS = b"Too many wrong passwords for this account.", b"Too many requests from your address."


class Site(BaseHTTPRequestHandler):
    """Looks at three passwords; of the others each second one comes too fast for nginx."""

    def do_GET(self):
        self.answer(
            200 if self.path == "/accounts/login/" else 404, FORM.encode(), "text/html", **{"Set-Cookie": "c=1"}
        )

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if len(sent) < int(self.headers["Content-Length"]):
            return  # it has ended meanwhile
        body = parse_qs(sent.decode())
        with self.server.in_turn:
            self.server.seen.append((self.path, self.headers["Cookie"], self.headers["Referer"], body))
            count = len(self.server.seen)
            if count <= 3:
                self.answer(200, FORM.encode(), "text/html")
            else:
                self.answer(429, NGINXS if count % 2 else OURS, **{"Retry-After": "30"})

    def answer(self, status, body, kind="text/plain", **headers):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Who is guessing does not wait for each answer."""


@pytest.fixture
def site():
    with Server(("127.0.0.1", 0), Site) as server:
        server.seen, server.in_turn = [], threading.Lock()
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


class Host:
    """This computer; ``log`` is what the site wrote."""

    log = ""

    def run(self, command, stdin=""):
        if command.startswith("journalctl"):
            return self.log
        command = command.replace("python3", sys.executable, 1)
        return subprocess.run(["sh", "-c", command], input=stdin, capture_output=True, text=True, check=True).stdout


def test_the_list_is_sent_by_the_site_s_own_form_until_both_have_rejected(site):
    options = Options(f"http://127.0.0.1:{site.server_port}/", login=("ada", "l0velace"))
    asked = asyncio.run(password_guessing.request(options))
    host = Host()
    host.log = 'sign-in failed: account="ada" address=10.0.2.15\nsign-in failed: account="bob" address=10.0.2.3\n'
    result = password_guessing.guess(host, asked, "ada")
    assert result.passed and 0 < result.tried <= 3 and set(result.retries) == {"30"}
    assert result.logged == ("10.0.2.15",)
    page = f"{options.site}accounts/login/"
    assert {(path, cookie, referer) for path, cookie, referer, _ in site.seen} == {("/accounts/login/", "c=1", page)}
    tried = [body["secret"][0] for *_, body in site.seen]
    assert len(set(tried)) == len(tried) >= 5 and "l0velace" not in json.dumps(tried)
    assert {(body["name"][0], body["token"][0]) for *_, body in site.seen} == {("ada", "t")}


def test_a_site_that_rejects_sooner_than_it_checks_a_password_is_waited_for(site):
    """Threads check the first ones while others reject."""
    arrived = []

    class Threads(Site):
        def do_POST(self):
            arrived.append(self.rfile.read(int(self.headers["Content-Length"])))
            number = len(arrived)
            if number == 1:
                # As long as a hash takes; the guesser tells nobody that it has seen the rejections.
                time.sleep(0.5)
                self.answer(200, FORM.encode(), "text/html")
            else:
                self.answer(429, NGINXS if number % 2 else OURS, **{"Retry-After": "30"})

    site.RequestHandlerClass = Threads
    options = Options(f"http://127.0.0.1:{site.server_port}/", login=("ada", "l0velace"))
    result = password_guessing.guess(Host(), asyncio.run(password_guessing.request(options)), "ada")
    assert result.passed and result.tried == 1


def test_a_project_without_a_login_form_is_not_guessed_at(site):
    options = Options(f"http://127.0.0.1:{site.server_port}/elsewhere/", login=("ada", "l0velace"))
    site.RequestHandlerClass = type("Bare", (Site,), {"do_GET": lambda page: page.answer(404, b"")})
    assert asyncio.run(password_guessing.request(options)) is None


@pytest.mark.parametrize(
    ("answered", "passed"),
    [
        ([(200, ""), (429, "30")], True),
        ([(200, ""), (200, "")], False),
        ([(200, ""), (429, "")], False),
        ([(200, ""), (429, "30"), (503, "")], False),
        ([(429, "30"), (403, "")], False),
        ([], False),
    ],
)
def test_what_a_rejection_must_be(answered, passed):
    assert password_guessing.Result(tuple(answered), ()).passed is passed
