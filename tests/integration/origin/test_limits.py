"""How long a URL and headers may be, both ways; nginx alone rejects what is longer, in words for a visitor."""

import shutil
import subprocess

import pytest

from tests.integration.origin.conftest import HOST


@pytest.mark.parametrize("kilobytes", [4, 16, 30])
def test_the_headers_of_a_response_arrive_whole(kilobytes, origin):
    status, head, body = origin.ask(f"/cookies/?kilobytes={kilobytes}")
    assert (status, body) == (200, b"baked")
    assert head.count("Set-Cookie: ") == kilobytes and len(head) > kilobytes * 1000


@pytest.mark.parametrize("size", [4_000, 8_190, 8_192, 16_384, 32_000])
def test_what_a_site_may_send_it_gets_back(size, origin):
    assert origin.ask("/seen/?" + "a" * size)[::2] == (200, f"GET {size + 7} 0".encode())
    assert origin.ask("/seen/", headers=[("Cookie", "c" * size)])[::2] == (200, f"GET 6 {size}".encode())


def test_a_long_url_and_many_cookies_are_taken_together(origin):
    assert origin.ask("/seen/?" + "a" * 9_000, headers=[("Cookie", "c" * 17_000)])[0] == 200
    assert origin.ask("/seen/", headers=[(f"X-{number}", "1") for number in range(900)])[0] == 200


@pytest.mark.parametrize(
    ("path", "cookie", "status", "says"),
    [("/" + "a" * 33_000, "", 414, b"longer than 32 KB"), ("/", "c" * 33_000, 431, b"Delete this site's cookies")],
)
def test_beyond_that_a_visitor_reads_one_sentence(path, cookie, status, says, origin):
    got, head, body = origin.ask(path, headers=[("Cookie", cookie)])
    assert got == status and says in body and b"<" not in body
    assert "Content-Type: text/plain" in head and "X-Origin: slipway" in head


def test_http_2_has_the_same_limits(origin):
    def ask(*arguments):
        line = [shutil.which("curl"), "-sk", "--http2", "--resolve", f"{HOST}:{origin.port}:127.0.0.1", *arguments]
        line += ["-w", " %{http_version} %{http_code}"]
        return subprocess.run(line, capture_output=True, text=True, check=False).stdout.split()[-2:]

    url = f"https://{HOST}:{origin.port}"
    assert ask(f"{url}/seen/?{'a' * 16_000}", "-H", "Cookie: " + "c" * 16_000) == ["2", "200"]
    assert ask("-o", "/dev/null", f"{url}/cookies/?kilobytes=16") == ["2", "200"]


@pytest.mark.parametrize("method", ["X", "PROPFIND", "M-SEARCH", "A" * 30])
def test_gunicorn_rejects_no_method_that_nginx_takes(method, origin):
    assert origin.ask("/seen/", method=method)[::2] == (200, f"{method} 6 0".encode())


@pytest.mark.parametrize("path", ["/seen/?\xe9", "/seen/?\xc3\xa9", "/seen/?\x80"])
def test_gunicorns_own_page_is_never_seen(path, origin):
    status, head, body = origin.ask(path)
    assert status == 400 and "X-Origin: slipway" in head and b"<center>nginx</center>" in body
