"""The request that is held during a release: when it counts as answered, and others with it."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest

from rehearsal.steps import hold_request, slow_request


class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class OneAtATime(UnixStreamServer):
    request_queue_size = 64


class Threads(ThreadingMixIn, OneAtATime):
    daemon_threads = True


@pytest.mark.parametrize(("server", "answered"), [(Threads, 2), (OneAtATime, 0)])
def test_others_count_that_are_answered_after_the_switch_while_it_is_held(server, answered, tmp_path):
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    current, begun = tmp_path / "current", tmp_path / "begun"
    current.symlink_to("before")
    wanted = {"host": "www.example.com", "current": str(current), "begun": str(begun), "answers": 2, "seconds": 1}
    wanted["socket"] = str(tmp_path / "socket")
    with server(wanted["socket"], Ready) as site:
        threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
        line = [sys.executable, hold_request.__file__, json.dumps(wanted)]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
            while not begun.exists():
                assert process.poll() is None
            (tmp_path / "next").symlink_to("after")
            (tmp_path / "next").rename(current)
            said = json.loads(process.communicate(timeout=30)[0])
        site.shutdown()
    assert said == {"answered": answered, "status": 200}


def test_it_passes_when_all_others_and_itself_were_answered():
    assert slow_request.Result(slow_request.ANSWERS, 200).passed
    assert not slow_request.Result(slow_request.ANSWERS - 1, 200).passed
    assert not slow_request.Result(slow_request.ANSWERS, 0).passed
