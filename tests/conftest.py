"""The site under test: whatever stands in project/ and in the clone's own site.yml, it is the one in tests/site."""

import os

from slipway.tool.config import modules
from tests import apart  # noqa: F401
from tests.clone import FIXTURE

pytest_plugins = ["tests.run_summary"]

os.environ["DJANGO_SETTINGS_MODULE"] = "fixture.settings"
os.environ["CONFIG"] = str(FIXTURE / "site.yml")
# Where settings are looked for that a site.yml does not name.
modules.ROOT = FIXTURE
