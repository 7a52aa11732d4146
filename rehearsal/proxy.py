"""An HTTP proxy that resolves a rehearsal's names to ports of the loopback.

``python -m rehearsal.proxy --port P NAME:PORT=PORT …``. HTTPS_PROXY and HTTP_PROXY name it, so neither root nor
/etc/hosts is needed. The ACME authority asks it as if it were the server. It rejects every other name, so that nothing
real is reached by mistake.
"""

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from rehearsal.parent import die_with_parent

HEAD_LIMIT = 64 * 1024
HEAD_SECONDS = 30
CHUNK = 64 * 1024
ROUTE = re.compile(r"([a-z0-9.-]+:\d+)=(\d+)")
# Headers for the proxy itself; the connection ends with the answer, so that each request is routed anew.
FOR_PROXY = (b"proxy-connection:", b"proxy-authorization:", b"connection:", b"keep-alive:")


class Proxy:
    """``routes`` maps "name:port" to a port of 127.0.0.1."""

    def __init__(self, routes: Mapping[str, int]) -> None:
        self.routes = routes

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first line to its end."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
            method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, OSError, TimeoutError):
            writer.close()
            return
        try:
            if method == "CONNECT":
                await self._tunnel(target, reader, writer)
            else:
                await self._forward(head, target, reader, writer)
        except OSError:
            pass  # either end has gone
        finally:
            writer.close()

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._open(target.lower(), writer)
        if there:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _join((reader, writer), there)

    async def _forward(
        self, head: bytes, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A plain http:// request: the origin's form of it, and the connection ends with its answer."""
        url = urlsplit(target)
        line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        # A client that knows of no proxy asks for a path alone, at the proxy's own port.
        there = await self._open(f"{url.hostname}:{url.port or 80}" if url.hostname else _asked(headers), writer)
        if not there:
            return
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        line = b" ".join([line.split(b" ", 1)[0], path.encode("ascii"), b"HTTP/1.1"])
        kept = [header for header in headers if not header.lower().startswith(FOR_PROXY)]
        there[1].write(b"\r\n".join([line, *kept, b"Connection: close", b"", b""]))
        await _join((reader, writer), there)

    async def _open(self, name: str, writer: asyncio.StreamWriter):
        """A connection to ``name``'s port; None after an error response to the client."""
        if name not in self.routes:
            print(f"rejected: {name}", flush=True)
            await _respond(writer, "403 Forbidden", f"{name} is not a name of this rehearsal")
            return None
        try:
            return await asyncio.open_connection("127.0.0.1", self.routes[name])
        except OSError:
            await _respond(writer, "502 Bad Gateway", f"nothing listens behind {name} (port {self.routes[name]})")
            return None


def _asked(headers: Sequence[bytes]) -> str:
    """The server in the Host header, at port 80."""
    named = [value for name, _, value in (header.partition(b":") for header in headers) if name.lower() == b"host"]
    return f"{(named or [b''])[0].decode('ascii', 'replace').strip().partition(':')[0].lower()}:80"


async def _respond(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write((head + body).encode())
    await writer.drain()


async def _join(one: tuple, other: tuple) -> None:
    """Passes bytes both ways until the server's side, or both, have ended."""
    (reader, writer), (there_reader, there_writer) = one, other
    up = asyncio.create_task(_pass(reader, there_writer))
    try:
        await _pass(there_reader, writer)
    finally:
        up.cancel()
        there_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def serve(port: int, routes: Mapping[str, int]) -> None:
    """Runs until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    handling: set[asyncio.Task] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(Proxy(routes).handle(reader, writer))
        handling.add(task)
        task.add_done_callback(handling.discard)

    await asyncio.start_server(accept, "127.0.0.1", port, limit=HEAD_LIMIT)
    print("ready", flush=True)
    await stop.wait()
    for task in handling:
        task.cancel()
    await asyncio.gather(*handling, return_exceptions=True)


def _route(text: str) -> tuple[str, int]:
    found = ROUTE.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:PORT=PORT")
    return found[1], int(found[2])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.proxy", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("routes", nargs="*", type=_route, metavar="NAME:PORT=PORT")
    options = parser.parse_args()
    die_with_parent()
    try:
        asyncio.run(serve(options.port, dict(options.routes)))
    except OSError as error:
        print(f"slipway: the rehearsal's proxy: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
