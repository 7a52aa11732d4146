"""A site and its CDN for a browser: the checkout's templates as pages, and what was pushed."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.integration.checkout.checkout import Bucket, Checkout

RENDER = """
import json, sys, django
django.setup()
from django.template.loader import render_to_string
print(json.dumps({name: render_to_string(name) for name in sys.argv[1:]}))
"""


class Site:
    """``origin`` and ``cdn`` are URLs; ``asked`` are the paths that were requested from the origin, pages apart."""

    def __init__(self, checkout: Checkout, bucket: Bucket) -> None:
        self.checkout, self.bucket = checkout, bucket
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        self.missing: list[str] = []
        self._servers = [
            ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in (_handler(self), _handler(self, cdn=True))
        ]
        for server in self._servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.origin, self.cdn = (f"http://127.0.0.1:{server.server_port}/" for server in self._servers)
        checkout.environment |= {"STATIC_URL": self.cdn, "SITE_URL": self.origin.rstrip("/")}

    def build(self, *templates: str) -> str:
        """Pushes the static files and renders these templates as pages; returns the push's output."""
        done = self.checkout.manage("collectstatic", "--noinput")
        assert (done.returncode, done.stderr) == (0, "")
        path = f"{self.checkout.root / 'deploy'}:{self.checkout.root / 'project'}"
        path += f":{self.checkout.environment.get('PYTHONPATH', '')}"
        rendered = self.checkout.python("-c", RENDER, *templates, PYTHONPATH=path)
        assert rendered.returncode == 0, rendered.stderr
        self.pages = json.loads(rendered.stdout)
        return done.stdout

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()


def _handler(site: Site, *, cdn: bool = False) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = unquote(urlsplit(self.path).path)[1:]
            body, headers = self._cdn(name) if cdn else self._origin(name)
            self.send_response(200 if body is not None else 404)
            for header, value in {**headers, "Content-Length": str(len(body or b""))}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body or b"")

        def _cdn(self, name: str) -> tuple[bytes | None, dict[str, str]]:
            body, sent = site.bucket.objects.get(f"static/{name}", (None, {}))
            if body is None:
                site.missing.append(name)
            known = {header: sent[header] for header in ("Content-Type", "Cache-Control") if header in sent}
            return body, {"Access-Control-Allow-Origin": "*", **known}

        def _origin(self, name: str) -> tuple[bytes | None, dict[str, str]]:
            if name in site.pages:
                return site.pages[name].encode(), {"Content-Type": "text/html; charset=utf-8"}
            site.asked.append(name)
            return None, {}

        def log_message(self, *_: object) -> None:
            pass

    return Handler
