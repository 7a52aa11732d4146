"""Every object of a release is requested from the CDN before a page may need it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from slipway.tool import edge
from slipway.web.errors import SlipwayError


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nothing waits between two tries."""
    monkeypatch.setattr(edge, "RETRIES", urllib3.Retry(total=2, backoff_factor=0, status_forcelist=(404, 503)))


@pytest.fixture
def cdn():
    """A host that serves what ``cdn.objects`` holds; ``cdn.asked`` lists the paths."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            server.asked.append(self.path)
            later = server.late.get(self.path, 0)
            server.late[self.path] = later - 1
            there = self.path in server.objects and later <= 0
            self.send_response(200 if there else 404)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.objects, server.asked, server.late, server.headers = set(), [], {}, {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def manifest(tmp_path):
    file = tmp_path / "objects.json"
    file.write_text(json.dumps({"version": 1, "objects": {"static/a.1.css": {}, "static/ä b.2.js": {}}}))
    return file


PATHS = {"/a.1.css", "/%C3%A4%20b.2.js"}


def test_all_of_them_are_asked_for(cdn, manifest):
    cdn.objects = PATHS
    assert edge.verify(cdn.url, manifest) == 2
    assert set(cdn.asked) == PATHS


def test_an_error_that_the_edge_kept_for_a_moment_is_waited_out(cdn, manifest):
    cdn.objects, cdn.late = PATHS, {"/a.1.css": 1}
    assert edge.verify(cdn.url, manifest) == 2


def test_a_missing_object_is_named(cdn, manifest):
    cdn.objects = PATHS - {"/a.1.css"}
    with pytest.raises(SlipwayError, match=r"the CDN does not serve what was pushed: http://.*/a.1.css.*404"):
        edge.verify(cdn.url, manifest)


def test_a_static_host_that_is_the_origin_is_noticed(cdn, manifest):
    cdn.objects, cdn.headers = PATHS, {"X-Origin": "slipway"}
    with pytest.raises(SlipwayError, match="answered by the origin"):
        edge.verify(cdn.url, manifest)


def test_a_host_that_does_not_exist_is_named(manifest):
    with pytest.raises(SlipwayError, match=r"static\.invalid"):
        edge.verify("http://static.invalid", manifest)


def test_the_environments_proxy_is_taken(cdn, manifest, monkeypatch):
    # A proxy is asked for the whole URL.
    cdn.objects = {f"http://static.example.test{path}" for path in PATHS}
    monkeypatch.setenv("http_proxy", cdn.url)
    assert edge.verify("http://static.example.test", manifest) == 2
