"""``python -m rehearsal.cdn``: the CDN stand-in as a process."""

import argparse
import asyncio
import os
import signal
import socket
import ssl
import sys
from contextlib import ExitStack
from pathlib import Path

from rehearsal.cdn.access_log import AccessLog
from rehearsal.cdn.api import Api
from rehearsal.cdn.cache import Cache
from rehearsal.cdn.configuration import Reader
from rehearsal.cdn.edge import Edge
from rehearsal.cdn.origin import Origins
from rehearsal.cdn.server import serving
from slipway.web.errors import SlipwayError

# Read at once: the process that started this one.
PARENT = os.getppid()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.cdn", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int)
    where.add_argument("--fd", type=int, help="a listening socket inherited from the parent")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--log", type=Path, help="access log, JSON lines")
    parser.add_argument(
        "--max-age",
        type=float,
        default=1.0,
        help="seconds that a configuration read from the API stays valid (0: none)",
    )
    options = parser.parse_args()
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert and --tls-key go together")
    try:
        asyncio.run(_run(options))
    except (OSError, SlipwayError) as error:
        print(f"slipway: CDN stand-in: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listener, tls = _listener(options), _tls(options)
    api = Api()
    with ExitStack() as files:
        log = files.enter_context(options.log.open("a")) if options.log else None
        origins = Origins(api.s3)
        edge = Edge(Reader(api.read, options.max_age), origins, Cache())
        async with serving(edge, listener, tls, AccessLog(log)):
            print("ready", flush=True)
            await _stopped_or_orphaned(stop)
        await origins.close()


async def _stopped_or_orphaned(stop: asyncio.Event) -> None:
    # By the parent's id: Linux's death signal follows the parent's thread, not its process.
    while not stop.is_set() and os.getppid() == PARENT:
        try:
            await asyncio.wait_for(stop.wait(), timeout=1)
        except TimeoutError:
            continue


def _listener(options: argparse.Namespace) -> socket.socket:
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    return socket.create_server((options.host, options.port), backlog=512)


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if options.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key)
    except OSError as error:
        raise SlipwayError(
            f"{options.tls_cert} and {options.tls_key} are not a certificate and its key: {error}"
        ) from None
    return context


if __name__ == "__main__":
    sys.exit(main())
