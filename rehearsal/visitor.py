"""A visitor: one request to a site by TLS, its name and a port of the loopback."""

import http.client
import ssl
from pathlib import Path


class Named(http.client.HTTPConnection):
    """A port of the loopback, by TLS and the site's name."""

    def __init__(self, port: int, name: str, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=60)
        self._name, self._context = name, context

    def connect(self) -> None:
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


def ask(port: int, name: str, trusted: Path, path: str, **headers: str) -> http.client.HTTPResponse:
    """The answer, with its ``text``. Raises OSError without one."""
    connection = Named(port, name, ssl.create_default_context(cafile=str(trusted)))
    try:
        connection.request("GET", path, headers={"Host": name, **headers})
        answer = connection.getresponse()
        answer.text = answer.read().decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from None
    finally:
        connection.close()
    return answer
