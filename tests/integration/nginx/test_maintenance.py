"""The 503 page that nginx has in its configuration: while the application is away, in maintenance, behind a wall."""

from pathlib import Path

import pytest

from tests.integration.nginx.conftest import APEX
from tests.integration.nginx.test_move import header, host, servers, unpacked, without_systemd

__all__ = ["host", "servers", "unpacked", "without_systemd"]
# Not the server itself, which is let in.
VISITOR = "127.0.0.9"
PAGE = "<!doctype html><title>Low tide</title><p>The wharf's closed.\n"
# What would end a string or a block of nginx's configuration, or name a variable or an escape of it.
HOSTILE = "'; } server { listen 8; } \\'; \\\\ \\n $host ${request_uri} $ \"double\" # {% {{ \t\n é\n"


@pytest.fixture
def site(servers, host):
    """The old server alone, with a release that serves and has ``PAGE``; ``release`` gives it another page."""
    pair = servers.start()

    def release(text, name="1"):
        file = host.paths.RELEASES / name / host.maintenance.SOURCE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        host.maintenance.show_page(name)

    pair.old.release, pair.old.agent = release, host.maintenance
    release(PAGE)
    return pair.old


def closed(answer):
    return (answer.status, header(answer, "X-Origin"), header(answer, "Content-Type"), header(answer, "Cache-Control"))


CLOSED = (503, ["slipway"], ["text/html; charset=utf-8"], ["no-store"])


def test_gunicorn_that_is_away_is_the_page_and_a_503(site):
    assert site.ask().status == 200
    site.behind.shutdown()
    site.behind.server_close()
    for method, body in (("GET", b""), ("POST", b"a=b"), ("PURGE", b"")):
        answer = site.ask("/any", method, body)
        assert (closed(answer), header(answer, "Retry-After"), answer.text) == (CLOSED, ["10"], PAGE)
    Path(site.folder / "gunicorn.sock").unlink()
    assert (closed(site.ask()), site.ask().text) == (CLOSED, PAGE)


def test_what_the_application_itself_answers_is_passed_on(site):
    site.behind.RequestHandlerClass = type(
        "Fails",
        (site.behind.RequestHandlerClass,),
        {"do_GET": lambda self: self.send_error(int(self.path[1:]))},
    )
    for status in (500, 502, 503, 504):
        answer = site.ask(f"/{status}")
        assert (answer.status, "Low tide" in answer.text, header(answer, "Retry-After")) == (status, False, [])


@pytest.mark.parametrize("text", [HOSTILE, "x" * 3500, "$" * 400, "'\\" * 900, "\n" * 50])
def test_any_page_arrives_as_it_was_written(text, site):
    site.release(text)
    site.agent.on()
    assert site.ask(source=VISITOR).text == text


@pytest.mark.parametrize("text", ["x" * 4100, "zero \0"])
def test_one_that_nginx_cannot_hold_leaves_its_own_page(text, site):
    site.release(text)
    site.agent.on()
    answer = site.ask(source=VISITOR)
    assert closed(answer) == CLOSED and "Back in a moment" in answer.text and "Low tide" not in answer.text


def test_maintenance_closes_the_site_for_visitors_and_opens_it_as_it_was(site):
    before = site.ask("/page", source=VISITOR)
    state = site.agent.on()
    assert site.agent.state() == state and state["since"].endswith(" UTC")
    for path in ("/", "/page", "/admin/", "/healthz", "/x/healthz/"):
        answer = site.ask(path, "POST" if path == "/page" else "GET", source=VISITOR)
        assert (closed(answer), header(answer, "Retry-After"), answer.text) == (CLOSED, ["300"], PAGE), path
    # Said twice it is the same, with the same way in.
    assert site.agent.on() == state
    assert site.agent.off() == {} == site.agent.state()
    after = site.ask("/page", source=VISITOR)
    assert (after.status, after.headers[2:], after.text) == (200, before.headers[2:], before.text)


def test_checks_challenges_redirects_and_the_owner_get_in(site):
    state = site.agent.on()
    (site.acme / "token").write_text("answer")
    assert site.ask("/.well-known/acme-challenge/token", source=VISITOR, tls=False).text == "answer"
    assert site.ask(tls=False, name=APEX, source=VISITOR).status == 301
    assert site.ask(name=APEX, source=VISITOR).status == 301
    for path in ("/healthz/live", "/healthz/ready", "/pulled/css/a.1234.css"):
        assert site.ask(path, source=VISITOR).status == 200
    # The agent, on the server itself.
    assert site.ask(source="127.0.0.1").status == 200
    let_in = site.ask(state["way_in"], source=VISITOR)
    assert (let_in.status, header(let_in, "Location")) == (302, ["/"])
    (cookie,) = header(let_in, "Set-Cookie")
    assert "; Secure" in cookie and "; HttpOnly" in cookie
    token = cookie.split(";")[0]
    assert site.ask(source=VISITOR, headers=f"Cookie: a=b; {token}\r\n").status == 200
    for wrong in (f"Cookie: {token}x\r\n", "Cookie: slipway_maintenance=\r\n", "X-Forwarded-For: 127.0.0.1\r\n"):
        assert site.ask(source=VISITOR, headers=wrong).status == 503
    site.agent.off()
    assert site.ask(state["way_in"], source=VISITOR).status == 200, "the site's own path again"
    assert site.agent.on()["way_in"] != state["way_in"]


def test_a_release_brings_its_page_along_while_the_site_stays_closed(site, host):
    site.agent.on()
    site.release("<p>The next one", name="2")
    assert site.ask(source=VISITOR).text == "<p>The next one"
    # A release of before pages were rendered.
    (host.paths.RELEASES / "3").mkdir()
    site.agent.show_page("3")
    assert "Back in a moment" in site.ask(source=VISITOR).text


def test_the_wall_of_a_move_shows_the_page_in_maintenance_too(site, host):
    host.forward.close(25)
    answer = site.ask()
    assert (closed(answer), header(answer, "Retry-After"), answer.text) == (CLOSED, ["25"], PAGE)
    site.agent.on()
    assert (site.ask().status, header(site.ask(source=VISITOR), "Retry-After")) == (503, ["25"])
    host.forward.clear()
    assert site.ask(source=VISITOR).status == 503
    site.agent.off()
    assert site.ask(source=VISITOR).status == 200
