"""``python -m rehearsal.aws --data DIR --s3-port P --control-port Q``"""

import argparse
import asyncio
import logging
import signal
import ssl
import sys
from pathlib import Path

from aiohttp import web

from rehearsal.aws.s3 import S3Proxy
from rehearsal.aws.seaweed import SeaweedFS
from rehearsal.parent import die_with_parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.aws", description="A local AWS: S3 and its control plane."
    )
    parser.add_argument("--data", type=Path, required=True, help="directory that holds the objects")
    parser.add_argument("--s3-port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--tls-cert", type=Path, help="serve S3 over TLS with this certificate")
    parser.add_argument("--tls-key", type=Path)
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Runs until SIGTERM or SIGINT, or until SeaweedFS ends."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    certificate = None
    context = None
    if options.tls_cert:
        certificate = (options.tls_cert.resolve(), options.tls_key.resolve())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    seaweed = SeaweedFS(options.data.resolve(), certificate)
    starting = asyncio.create_task(seaweed.start())
    # Imported while SeaweedFS starts: moto takes a good part of a second.
    from rehearsal.aws.control import ControlPlane

    control = proxy = None
    try:
        control = ControlPlane(options.control_port)
        control.start()
        await starting
        upstream = f"{seaweed.scheme}://127.0.0.1:{seaweed.port}"
        # Compressed objects are stored and sent as they are.
        proxy = web.AppRunner(S3Proxy(upstream, options.data).application(), access_log=None, auto_decompress=False)
        await proxy.setup()
        await web.TCPSite(proxy, "127.0.0.1", options.s3_port, ssl_context=context).start()
        print("ready", flush=True)
        ended = asyncio.create_task(seaweed.process.wait())
        await asyncio.wait([ended, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            raise RuntimeError(f"SeaweedFS ended: {seaweed.last_line()}")
    finally:
        starting.cancel()
        if proxy:
            await proxy.cleanup()
        if control:
            control.stop()
        await seaweed.stop()


def main() -> int:
    die_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        asyncio.run(serve(arguments()))
    except (OSError, RuntimeError) as error:
        print(f"slipway: local AWS: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
