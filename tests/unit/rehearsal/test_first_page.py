"""A site whose first page is a 500 stops a demo, with the exception."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rehearsal import demo, first_page
from rehearsal.local_site import LocalSite
from slipway.web.errors import SlipwayError
from tests.clone import clone

LOG = """[2026-11-30 12:00:00] [INFO] Listening at: unix:gunicorn.sock
Traceback (most recent call last):
  File "redis/connection.py", line 1, in connect
    raise ConnectionError(error)
ConnectionRefusedError: [Errno 111] Connection refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "django/core/handlers/exception.py", line 55, in inner
    response = get_response(request)
redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.
[2026-11-30 12:00:01] [INFO] Booting worker
"""


@pytest.fixture
def site():
    """Answers / with ``site.status``."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.headers["Host"].startswith("www.slipway.localhost:")
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            LOG,
            "is a 500: redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.; ",
        ),
        ("nothing\n", "is a 500: the project's logging does not say why; all of it: "),
    ],
)
def test_it_is_one_line_with_the_exception(log, says, site, tmp_path):
    site.status = 500
    (tmp_path / "gunicorn.log").write_text(log)
    with pytest.raises(SlipwayError) as error:
        first_page.require(site.server_port, "www.slipway.localhost:8000", tmp_path / "gunicorn.log")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_demo_looks_at_it_before_it_says_that_the_site_is_up(site, tmp_path, capsys):
    class Local(LocalSite):
        """Whose server is up already."""

        check_settings = start_cloud = provision = push = release = prepare = serve = lambda self: None
        smoke = lambda self: pytest.fail("a site without pages was proved")  # noqa: E731

    local = Local(tmp_path, None, source=clone(tmp_path / "clone", "settings: email.mime\nwsgi: email.mime\n"))
    local.ports["www"] = site.server_port
    local.origin_log.parent.mkdir()
    (local.origin_log.parent / "gunicorn.log").write_text(LOG)
    site.status = 500
    with pytest.raises(SlipwayError, match=r"is a 500: redis\.exceptions\.ConnectionError"):
        demo._run(local, stay=False, full=False)
    assert "up after" not in capsys.readouterr().out


@pytest.mark.parametrize("status", [200, 302, 404])
def test_any_other_page_is_none_of_its_business(status, site, tmp_path):
    site.status = status
    first_page.require(site.server_port, "www.slipway.localhost:8000", tmp_path / "gunicorn.log")
