import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photowall.settings")
django.setup()

from django.test.utils import override_settings  # noqa: E402

from tests.unit.assets.world import SITE, STATIC  # noqa: E402


@pytest.fixture(autouse=True)
def offload():
    """Settings as on a deploying machine."""
    with override_settings(DEBUG=False, SLIPWAY_OFFLOAD=True, STATIC_URL=STATIC, COMPRESS_URL=STATIC, SITE_URL=SITE):
        yield
