from collections.abc import Iterator

import pytest

from tests.unit.cdn.environment import CdnEnvironment


@pytest.fixture
def environment() -> Iterator[CdnEnvironment]:
    with CdnEnvironment() as environment:
        environment.origin.put("/example-com/static/a.css")
        yield environment
