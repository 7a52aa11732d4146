"""A real Chromium is started with its sandbox on, and not as root."""

import asyncio
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from static_smoke.browser.chromium import NoBrowser, driver, launch
from static_smoke.options import Options, find_browser


def started(program, tmp_path):
    """What chrome://sandbox says, the users of Chromium's processes, and what was warned of."""
    warned, run = [], f"run-{tmp_path.name}"

    async def play():
        options = Options("http://www.example.com/", browser=str(program))
        async with (
            driver() as playwright,
            launch(playwright, options, run, tmp_path / "net.json", warned.append) as browser,
        ):
            page = await browser.new_page()
            await page.goto("chrome://sandbox")
            return await page.inner_text("body"), _users(run)

    return *asyncio.run(play()), warned


def _users(run):
    """The users of the processes that carry the run's id."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if run.encode() in (process / "cmdline").read_bytes():
                found.add(process.stat().st_uid)
        except OSError:
            continue  # it has ended
    return found


def test_its_sandbox_is_on(tmp_path):
    said, users, warned = started(find_browser(), tmp_path)
    assert "You are adequately sandboxed." in said
    assert users and 0 not in users
    assert warned == []
    assert (tmp_path / "net.json").stat().st_size


@contextmanager
def browser(line):
    """A script that every user may run."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    path = directory / "browser"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    yield path
    shutil.rmtree(directory)


def test_where_there_are_no_user_namespaces_root_does_without_and_says_so(tmp_path):
    rejects = f"""case "$*" in *--no-sandbox*) exec {find_browser()} "$@" ;; esac
echo "No usable sandbox!" >&2; exit 1"""
    with browser(rejects) as program:
        if os.geteuid():
            with pytest.raises(NoBrowser, match="it gets no user namespaces here"):
                started(program, tmp_path)
            return
        said, users, warned = started(program, tmp_path)
    assert "You are NOT adequately sandboxed." in said
    assert users and 0 not in users
    assert warned == ["Chromium ran without its sandbox, as nobody: it gets no user namespaces here"]
