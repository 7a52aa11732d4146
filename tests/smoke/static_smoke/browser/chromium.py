"""Starts a Chromium without requests of its own, with the run id in its User-Agent."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, Error, Playwright, async_playwright

from static_smoke.browser import confinement
from static_smoke.browser.devices import DESKTOP
from static_smoke.options import Options

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
CLOSING = 5.0  # s
# Of the driver: one that is killed while it starts is started once more.
STARTS = 2
CLOSED = re.compile(r"(Connection closed|has been closed)")
KILLED = "Chromium was killed, or Playwright's driver"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class NoBrowser(Exception):
    """Why no browser can be started."""


class Killed(NoBrowser):
    """The browser, or Playwright's driver, has died."""


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright | None]:
    """Playwright, or None where its driver, a program of its own, does not start."""
    for _ in range(STARTS):
        manager = async_playwright()
        with suppress(Exception):  # Playwright has no narrower exception for it
            playwright = await manager.__aenter__()
            break
    else:
        yield None
        return
    try:
        yield playwright
    finally:
        await _closed(manager.__aexit__())


async def _closed(closing: Awaitable[None]) -> None:
    """What is dead may not close, or never: its end is not waited for."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSING):
            await closing


@asynccontextmanager
async def launch(
    playwright: Playwright | None,
    options: Options,
    run: str,
    netlog: Path,
    warn: Callable[[str], None] = lambda warning: None,
) -> AsyncIterator[Browser]:
    """A browser for one run id; its net log is complete once it has ended. Raises NoBrowser, or Killed at the end.

    ``warn`` is called where it runs without its sandbox.
    """
    if options.browser is None:
        raise NoBrowser("no Chromium found")
    if playwright is None:
        raise NoBrowser("Playwright's driver does not start; it needs libatomic (package libatomic1)")
    with tempfile.TemporaryDirectory(prefix="slipway-smoke-") as directory:
        # The browser's user must be able to enter its own home below.
        Path(directory).chmod(0o711)
        browser, log = await _start(playwright, options, run, Path(directory), warn)
        try:
            yield browser
        except Error as error:
            # The driver's end disconnects no browser.
            if not browser.is_connected() or CLOSED.search(str(error)):
                raise Killed(KILLED) from error
            raise
        finally:
            killed = not browser.is_connected()
            await _closed(browser.close())
            _copy_log(log, netlog)
        if killed:
            raise Killed(KILLED)


async def _start(
    playwright: Playwright, options: Options, run: str, directory: Path, warn: Callable[[str], None]
) -> tuple[Browser, Path]:
    """The browser and its net log."""
    why = ""
    for number, way in enumerate(confinement.ways()):
        home = directory / str(number)
        home.mkdir(0o700)
        log = home / "net.json"
        if options.ca:
            _trust(options.ca, home)
        way.give(home)
        try:
            browser = await playwright.chromium.launch(
                executable_path=way.program(options.browser, directory),
                args=[*_arguments(options, run), f"--log-net-log={log}"],
                env=way.environment(home, at_home=bool(options.ca)),
                # Playwright's own default is off, for every user.
                chromium_sandbox=way.sandbox,
                timeout=START_TIMEOUT,
            )
        except Error as error:
            why = why or confinement.reason(str(error))
            continue
        if way.warning:
            warn(way.warning.format(reason=why))
        return browser, log
    raise NoBrowser(f"{options.browser}: {why}")


def _arguments(options: Options, run: str) -> list[str]:
    rules = [
        f"MAP {host}:{port} {f'[{to}]' if ':' in to else to}:{at}"
        for (host, port), (to, at) in (options.resolve or {}).items()
    ]
    mapped = [f"--host-resolver-rules={', '.join(rules)}"] if rules else []
    return [*FLAGS, f"--user-agent={DESKTOP.agent(run)}", *mapped]


def _copy_log(log: Path, netlog: Path) -> None:
    """Copies the net log, which another user has written; never follows a symlink."""
    try:
        source = os.open(log, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return
    with os.fdopen(source, "rb") as written, netlog.open("wb") as kept:
        shutil.copyfileobj(written, kept)


def _trust(ca: Path, home: Path) -> None:
    """Adds the CA to the NSS database of the browser's user, which Chromium on Linux trusts."""
    database = home / ".pki" / "nssdb"
    database.mkdir(0o700, parents=True)
    at = ["-d", f"sql:{database}"]
    # certutil would read a file's first certificate only.
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
