import pytest


@pytest.fixture(autouse=True)
def with_database(database):
    """Each of these tests may ask it."""
