"""The control plane: cloudfront.py answers for CloudFront, moto's server for ACM, IAM, STS and Route 53."""

import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from rehearsal.aws.awkward import Awkward
from rehearsal.aws.cloudfront import CloudFront


class ControlPlane:
    """One WSGI server in a thread; CloudFront's calls are known by their path, moto finds its services by the
    signature.

    ``awkward`` is what stands before them, if anything does: see ``make_awkward``.
    """

    def __init__(self, port: int) -> None:
        self.cloudfront = CloudFront()
        self.awkward: Awkward | None = None
        self.moto = DomainDispatcherApplication(create_backend_app)
        # Our own socket, because make_server exits the process when the port is taken.
        self.socket = socket.create_server(("127.0.0.1", port))
        self.server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self.answer, threaded=True, fd=self.socket.fileno()
        )
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def make_awkward(self) -> Awkward:
        """From now on delays, throttling and other forms, as on AWS."""
        self.cloudfront.awkward = True
        self.awkward = Awkward(self._answer, self._users, self.cloudfront.protocol)
        return self.awkward

    def answer(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        return (self.awkward or self._answer)(environ, start_response)

    def _users(self, certificate: str) -> list[str]:
        """ARNs of the distributions that use a certificate; without one, each certificate and its distribution."""
        held = self.cloudfront.resources["Distribution"].values()
        pairs = [(one.config.get("ViewerCertificate", {}).get("ACMCertificateArn", ""), one.arn) for one in held]
        return [arn for used, arn in pairs if used == certificate] if certificate else [" ".join(one) for one in pairs]

    def _answer(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        answered = self.cloudfront.handle(request) if _is_cloudfront(request) else None
        if answered is None:
            return self.moto(environ, start_response)
        status, headers, body = answered
        start_response(
            f"{status} {HTTPStatus(status).phrase}",
            [*headers.items(), ("Content-Length", str(len(body)))],
        )
        return [body]

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.socket.close()
        self.thread.join()


def _is_cloudfront(request: Request) -> bool:
    return request.path.startswith("/2020-05-31/")
