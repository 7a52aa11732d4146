import pytest
from django.test.utils import override_settings

from tests.unit.assets.sources import SITE, STATIC
from tests.unit.assets.tree_site import site

__all__ = ["site"]


@pytest.fixture(autouse=True)
def offload():
    """Settings as on a deploying machine."""
    with override_settings(DEBUG=False, SLIPWAY_OFFLOAD=True, STATIC_URL=STATIC, COMPRESS_URL=STATIC, SITE_URL=SITE):
        yield
