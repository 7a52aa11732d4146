"""One Chromium a module. Playwright holds the thread's event loop, which the next module may need for its own."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="module")
def browser():
    flags = ["--no-proxy-server", "--disable-background-networking", "--disable-component-update"]
    # Chromium's sandbox refuses root.
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield browser
        browser.close()
