import pytest

from rehearsal.machine import needs
from slipway.web.errors import SlipwayError


@pytest.fixture(scope="session", autouse=True)
def able():
    """This computer can run a container machine, or the reason is told."""
    try:
        needs.require_container()
    except SlipwayError as error:
        pytest.skip(str(error))
