import pytest

from deploy.errors import SlipwayError
from rehearsal.machine import needs


@pytest.fixture(scope="session", autouse=True)
def able():
    """This computer can run a container machine, or the reason is told."""
    try:
        needs.require_container()
    except SlipwayError as error:
        pytest.skip(str(error))
