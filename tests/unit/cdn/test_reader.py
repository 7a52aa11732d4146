"""When the configuration is read, and what an edge does without it."""

import asyncio

import pytest

from rehearsal.cdn.configuration import Configuration, Reader


class Source:
    def __init__(self) -> None:
        self.reads = 0
        self.error: Exception | None = None

    def __call__(self) -> Configuration:
        self.reads += 1
        if self.error:
            raise self.error
        return Configuration()


def test_nothing_is_read_before_somebody_asks():
    source = Source()
    Reader(source)
    assert source.reads == 0


@pytest.mark.parametrize(("max_age", "reads"), [(0, 3), (60, 1)])
def test_a_read_is_valid_for_its_max_age(max_age: float, reads: int):
    source = Source()

    async def ask() -> None:
        reader = Reader(source, max_age)
        for _ in range(3):
            await reader.current()

    asyncio.run(ask())
    assert source.reads == reads


def test_requests_that_wait_together_share_a_read():
    source = Source()

    async def ask() -> None:
        reader = Reader(source, max_age=0)
        await asyncio.gather(*(reader.current() for _ in range(20)))

    asyncio.run(ask())
    assert source.reads <= 2


def test_an_edge_keeps_its_last_configuration(capsys: pytest.CaptureFixture[str]):
    source = Source()

    async def ask() -> tuple:
        reader = Reader(source, max_age=0)
        before = await reader.current()
        source.error = ConnectionError("connection refused")
        return before, await reader.current()

    before, after = asyncio.run(ask())
    assert before is after is not None
    assert "connection refused" in capsys.readouterr().err


def test_without_any_configuration_there_is_none(capsys: pytest.CaptureFixture[str]):
    source = Source()
    source.error = ConnectionError("connection refused")

    async def ask() -> Configuration | None:
        return await Reader(source).current()

    assert asyncio.run(ask()) is None
