"""Starts a Chromium that talks to nobody but the site, with the run id in its User-Agent."""

import os
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Error, Playwright, async_playwright

from tests.smoke.client import agent
from tests.smoke.options import Options

FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
)
START_TIMEOUT = 60_000  # ms
# The release number is left at zero: sites look at the words, the log at the run id.
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class NoBrowser(Exception):
    """Why there is none."""


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright | None]:
    """Playwright, or None where its driver, a program of its own, does not start."""
    manager = async_playwright()
    try:
        playwright = await manager.__aenter__()
    except Exception:  # Playwright has no narrower one for it
        yield None
        return
    try:
        yield playwright
    finally:
        await manager.__aexit__()


@asynccontextmanager
async def launch(playwright: Playwright | None, options: Options, run: str, netlog: Path) -> AsyncIterator[Browser]:
    """A browser for one run id; its net log is whole once it has ended. Raises NoBrowser."""
    if options.browser is None:
        raise NoBrowser("no Chromium found")
    if playwright is None:
        raise NoBrowser("Playwright's driver does not start; it needs libatomic (package libatomic1)")
    arguments = [*FLAGS, f"--log-net-log={netlog}", f"--user-agent={_AGENT} {agent(run)}"]
    rules = [
        f"MAP {host}:{port} {f'[{to}]' if ':' in to else to}:{at}"
        for (host, port), (to, at) in (options.resolve or {}).items()
    ]
    if rules:
        arguments.append(f"--host-resolver-rules={', '.join(rules)}")
    # Chromium's sandbox refuses root.
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with tempfile.TemporaryDirectory(prefix="slipway-smoke-") as home:
        environment = dict(os.environ)
        if options.ca:
            _trust(options.ca, Path(home))
            environment["HOME"] = home
        try:
            browser = await playwright.chromium.launch(
                executable_path=options.browser, args=arguments, env=environment, timeout=START_TIMEOUT
            )
        except Error as error:
            raise NoBrowser(f"{options.browser}: {str(error).splitlines()[0]}") from error
        try:
            yield browser
        finally:
            await browser.close()


def _trust(ca: Path, home: Path) -> None:
    """Chromium on Linux believes the NSS database of its user."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    at = ["-d", f"sql:{database}"]
    # certutil would take a file's first certificate alone.
    certificates = _PEM.findall(ca.read_text())
    commands = [["certutil", "-N", "--empty-password", *at]]
    commands += [["certutil", "-A", "-n", f"smoke-{n}", "-t", "C,,", *at] for n in range(len(certificates))]
    try:
        for command, given in zip(commands, ["", *certificates], strict=True):
            subprocess.run(command, input=given.encode(), check=True, capture_output=True)
    except FileNotFoundError:
        raise NoBrowser("--ca needs certutil (package libnss3-tools)") from None
    except subprocess.CalledProcessError as error:
        raise NoBrowser(f"certutil: {error.stderr.decode().strip()}") from error
