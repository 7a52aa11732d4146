"""The site under test: whatever stands in project/ and in the clone's own site.yml, it is the one in tests/site."""

import functools
import gc
import os

import botocore.session
import pytest

from slipway.tool.config import modules
from slipway.tool.requirements import files
from tests import apart  # noqa: F401
from tests.clone import FIXTURE

pytest_plugins = ["tests.run_summary"]

os.environ["DJANGO_SETTINGS_MODULE"] = "fixture.settings"
os.environ["CONFIG"] = str(FIXTURE / "site.yml")
# Where settings are looked for that a site.yml does not name.
modules.ROOT = FIXTURE
# It asks for no package, and has no lock files: those that Slipway ships serve.
files.SITE, files.SITE_TESTS, files.SITE_LOCKS = (
    FIXTURE / "project" / name for name in ("requirements.in", "requirements-dev.in", "lock")
)

# Every session reads botocore's description of S3 anew, for 0.3 s; what is read of it is the same for all of them.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    # Thousands of tests stay until the end: Python's collector would look through them again and again, for a tenth of
    # the run's time.
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
