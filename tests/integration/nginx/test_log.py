"""What a client can make nginx log: lines of limited length and number."""

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from rehearsal import nginx
from tests.integration.nginx.conftest import SITE

LINE = 4096  # bytes
WATCH = Path(__file__).resolve().parents[3] / "ansible" / "roles" / "base" / "files" / "slipway-disk"
# What nginx takes at most: four buffers of 8 KB. Each byte of an agent may be one that JSON writes as six.
LONGEST = (
    f"{100 * 'G'} /{7000 * 'a'} HTTP/1.1\r\nHost: {SITE}\r\nSec-Fetch-Dest: {3000 * chr(1)}\r\n"
    f"User-Agent: slipway-smoke/{2000 * 'x'}{5000 * chr(1)}\r\n\r\n"
)
SHORT = "GET /{path} HTTP/1.1\r\nHost: " + SITE + "\r\n\r\n"


def exchange(connection, text, answers):
    """Sends ``text`` and reads until as many ``answers`` have begun."""
    connection.sendall(text.encode())
    said = b""
    while said.count(b"HTTP/1.1 ") < answers:
        part = connection.recv(65536)
        assert part, said[-500:]
        said += part
    return [int(line[:3]) for line in said.decode("latin-1").split("HTTP/1.1 ")[1:]]


def test_a_line_is_short_whatever_is_asked_and_says_what_was_cut(front):
    with front.connect() as connection:
        exchange(connection, LONGEST, 1)
    (line,) = front.lines()
    assert len(line) < LINE
    said = json.loads(line)
    assert said["client"] == "127.0.0.1"
    assert said["uri"] == "/" + 511 * "a" + "(cut)"
    assert said["method"] == 16 * "G" + "(cut)"
    assert said["agent"].endswith("(cut)")
    assert said["run"] == 64 * "x"
    assert said["dest"] == 20 * "\x01" + "(cut)"


def test_what_people_and_the_proof_ask_is_written_whole(front):
    agent = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36"
    )
    agent += " slipway-smoke/0123456789ab"
    path = "/static/" + "a" * 200 + ".css?" + "b" * 298
    head = f"Host: {SITE}\r\nUser-Agent: {agent}\r\nSec-Fetch-Dest: serviceworker\r\n\r\n"
    with front.connect() as connection:
        exchange(connection, f"GET {path} HTTP/1.1\r\n{head}", 1)
    said = json.loads(front.lines()[0])
    expected = {"uri": path, "agent": agent, "dest": "serviceworker", "host": SITE, "run": "0123456789ab"}
    assert {name: said[name] for name in expected} == expected
    assert (said["method"], said["status"], said["type"]) == ("GET", 200, "application/json")


def test_what_nginx_only_sends_on_leaves_one_line_in_a_hundred(front):
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", front.http), 10) as connection:
            assert set(exchange(connection, 500 * SHORT.format(path=7000 * "a"), 500)) == {301}
    # 20 of 2,000: none at all, or five times as many, comes once in 10^8 runs.
    assert 0 < len(front.lines()) < 100


def test_a_malformed_request_leaves_one_line_in_a_hundred_and_none_in_the_error_log(front):
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", front.http), 10) as connection:
            exchange(connection, "GET / HTTP/1.1\r\n\r\n", 1)
    assert len(front.lines()) < 40
    assert front.log.with_name("error.log").read_text() == ""


LONG = "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"


def test_what_claims_to_be_too_long_leaves_one_line_in_a_hundred_and_none_in_the_error_log(front):
    # All of the last one has come, and it is no more than may come.
    for length, body, wanted in [((1 << 20) + 1, 0, 413), ("00099999999999", 0, 413), (1 << 20, 1 << 20, 200)]:
        with front.connect() as connection:
            text = LONG.format(host=SITE, length=length) + "x" * body
            assert exchange(connection, text, 1) == [wanted]
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", front.http), 10) as connection:
            assert exchange(connection, LONG.format(host=SITE, length=9 << 20), 1) == [413]
    assert len(front.lines()) < 40
    # Nor has a form that nginx keeps on the disk while it comes.
    said = front.log.with_name("error.log").read_text()
    assert "too large" not in said and "buffered" not in said


@pytest.mark.parametrize(("size", "most"), [("1m", 1 << 20), ("10M", 10 << 20), ("999", 999), ("512k", 512 << 10)])
def test_a_length_is_too_long_from_one_byte_on(size, most, variables):
    text = nginx.render(**variables | {"nginx_client_max_body_size": size}, nginx_version="1.26.3")
    forms = re.findall(r'"~(\S+)" 1;', text.partition("$is_too_long {")[2].partition("    }\n")[0])
    for length in [0, 1, 9, 10, most - 1, most, most + 1, most + 9, most + 1000, 2 * most, 10 * most, 99 * most]:
        assert any(re.search(form, str(length)) for form in forms) == (length > most), length


def test_no_limit_is_none(variables):
    text = nginx.render(**variables | {"nginx_client_max_body_size": "0"}, nginx_version="1.26.3")
    assert '" 1;' not in text.partition("$is_too_long {")[2].partition("    }\n")[0]


def test_a_client_with_more_requests_than_an_office_is_rejected(front):
    # What is rejected is rejected before anything is asked of the site; so nothing needs to answer here.
    front.log.with_name("gunicorn.sock").unlink()
    answers = []
    while 429 not in answers and len(answers) < 20_000:
        with front.connect() as connection:
            answers += exchange(connection, 500 * SHORT.format(path="page"), 500)
    assert set(answers[:4000]) == {503}
    assert set(answers) == {503, 429}
    assert "limiting" not in front.log.with_name("error.log").read_text()


def test_a_log_past_its_size_is_turned_over_and_nginx_writes_on_in_the_new_one(front):
    with front.connect() as connection:
        exchange(connection, SHORT.format(path="before"), 1)
    (front.log.parent / "nginx.pid").write_text(str(front.pid))
    with front.log.open("ab") as log:
        log.write(b"\n" * (1 << 20))
    paths = {"NGINX_LOGS": front.log.parent, "NGINX_PID": front.log.parent / "nginx.pid"}
    paths |= {"POSTGRESQL_LOGS": "/nonexistent", "RESERVE": front.log.parent / "reserve"}
    limits = {"LOG_MB": 1, "LOG_COUNT": 2, "RESERVE_MB": 1, "LOW_MB": 1, "POSTGRESQL_DATA": "/nonexistent"}
    env = os.environ | {name: str(value) for name, value in (paths | limits).items()}
    subprocess.run([WATCH, "once"], env=env, check=True)
    # nginx opens it when it has read the signal; until then it writes to the old one.
    for _ in range(500):
        with front.connect() as connection:
            exchange(connection, SHORT.format(path="after"), 1)
        if front.log.stat().st_size:
            break
    assert b'"uri":"/after"' in front.log.read_bytes()
    assert b'"uri":"/before"' in front.log.with_name("access.log.1").read_bytes()
