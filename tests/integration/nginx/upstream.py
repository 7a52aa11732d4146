"""The upstream behind nginx in these tests, and a client of both: which client does the site see?"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer

HOST = "www.example.test"


class Upstream(ThreadingMixIn, UnixStreamServer):
    """Answers with the headers that the site would see; waits at ``gate`` first."""

    daemon_threads, request_queue_size = True, 1000

    def __init__(self, path):
        self.gate, self.changed, self.arrived = threading.Event(), threading.Condition(), 0
        self.gate.set()
        super().__init__(str(path), Echo)
        path.chmod(0o777)

    def tell(self, *_, arrived=0):
        with self.changed:
            self.arrived += arrived
            self.changed.notify_all()


class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.tell(arrived=1)
        self.server.gate.wait(60)
        body = "\n".join(f"{name}={self.headers[name]}" for name in ("X-Real-IP", "X-Forwarded-For")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Site:
    """nginx before an upstream; a new client unless ``source`` is an address of the loopback."""

    def __init__(self, port, upstream, directory):
        self.port, self.upstream, self.directory = port, upstream, directory

    def ask(self, path="/", method="GET", source="127.0.0.1", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60, source_address=(source, 0))
        connection.request(method, path, headers={"Host": HOST, **headers})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def for_whom(self, forwarded, **how):
        """The status for a request that a balancer says it makes for ``forwarded``."""
        return self.ask(**how, **{"X-Forwarded-For": forwarded}).status
