"""What takes alarms: an HTTP server and an SMTP server, which keep what they were sent and answer as they are told."""

import http.server
import socketserver
import threading
from contextlib import contextmanager


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.taken, self.answer, self.gate = [], None, threading.Event()

    @property
    def port(self):
        return self.server_address[1]


class _Http(http.server.BaseHTTPRequestHandler):
    def _take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.answer == "hang":
            self.server.gate.wait(30)
            return
        status = self.server.answer or 200
        if status == 200:
            self.server.taken.append((self.command, self.path, dict(self.headers), body.decode()))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.port}/elsewhere")
        self.end_headers()

    do_GET = do_POST = _take

    def log_message(self, *_):
        pass


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        self._say(220, "ready")
        while line := self.rfile.readline().decode().strip():
            command = line.split()[0].upper()
            if command == "DATA":
                self._say(354, "go on")
                mail = b""
                while not mail.endswith(b"\r\n.\r\n"):
                    mail += self.rfile.readline()
                self.server.taken.append(mail.decode().replace("\r\n", "\n"))
            elif command == "RCPT" and self.server.answer:
                self._say(*self.server.answer)
                continue
            self._say(221 if command == "QUIT" else 250, "ok")
            if command == "QUIT":
                return

    def _say(self, code, text):
        self.wfile.write(f"{code} {text}\r\n".encode())


@contextmanager
def _serving(handler):
    with _Server(handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()


def http_sink():
    """``taken``: (method, path, headers, body) of each request. ``answer``: another status, or "hang"."""
    return _serving(_Http)


def smtp_sink():
    """``taken``: each mail. ``answer``: (code, text) for each recipient instead of 250."""
    return _serving(_Smtp)
