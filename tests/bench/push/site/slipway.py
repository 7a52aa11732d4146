"""The same project with Slipway's one line."""

from tests.bench.push.site.settings import *  # noqa: F403

# isort: split
from slipway.settings import *  # noqa: F403
