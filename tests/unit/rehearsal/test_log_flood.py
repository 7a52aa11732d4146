"""The responses to a flood are counted, whether or not the server keeps the connection."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rehearsal.steps.log_flood import CONNECTIONS, LONG, flood


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Host"], self.headers["User-Agent"]))
        self.send_response(301)
        self.send_header("Content-Length", "0")
        if self.server.closes:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("closes", [False, True])
def test_requests_of_14_kb_are_sent_until_the_time_is_over(closes):
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.seen, server.closes = [], closes
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        answered = flood("www.slipway.test", server.server_port, 0.3)
        server.shutdown()
    assert answered == len(server.seen) > CONNECTIONS
    assert set(server.seen) == {(f"/{LONG}", "www.slipway.test", LONG)}


def test_who_is_not_answered_counts_nothing():
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        port = server.server_port
    assert flood("www.slipway.test", port, 0.1) == 0
