from collections.abc import Iterator

import pytest

from tests.unit.cdn.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        world.origin.put("/example-com/static/a.css")
        yield world
