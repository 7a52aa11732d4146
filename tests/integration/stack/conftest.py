import tempfile
from pathlib import Path

import pytest

from rehearsal.processes import Processes
from tests.integration.stack.postgresql import Database


@pytest.fixture
def processes(tmp_path):
    with Processes(tmp_path / "log") as processes:
        yield processes


@pytest.fixture
def database(processes):
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        database = Database(Path(directory), processes)
        database.start()
        yield database
        database.stop()
