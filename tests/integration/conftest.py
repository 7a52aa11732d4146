"""What several rooms' tests share: a Chromium, and the fixture site deployed as `make demo` deploys a project."""

import os
import shutil

import django
import pytest
from playwright.sync_api import sync_playwright

from rehearsal.aws import start
from rehearsal.local_site import LocalSite
from rehearsal.processes import Processes
from tests.clone import clone_of_fixture

django.setup()


@pytest.fixture(scope="module")
def browser():
    """One a module. Playwright holds the thread's event loop, which the next module may need for its own."""
    flags = ["--no-proxy-server", "--disable-background-networking", "--disable-component-update"]
    # Chromium's sandbox does not run as root.
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def aws(tmp_path_factory):
    """One local AWS a worker. Tests name buckets, sites and users of their own, and count on no other's absence."""
    with start(tmp_path_factory.mktemp("aws")) as local:
        yield local


@pytest.fixture(scope="session")
def local_site(tmp_path_factory):
    """One whole site a worker; a test that changes it puts it back."""
    directory = tmp_path_factory.mktemp("local_site")
    with Processes(directory / "log") as processes:
        local_site = LocalSite(directory, processes, source=clone_of_fixture(directory / "clone"))
        local_site.start()
        yield local_site
