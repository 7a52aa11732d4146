"""One whole site a worker, as `make demo` plays it; a test that changes it puts it back."""

import json

import pytest

from rehearsal.processes import Processes
from rehearsal.stage import Stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    directory = tmp_path_factory.mktemp("stage")
    with Processes(directory / "log") as processes:
        stage = Stage(directory, processes)
        stage.play()
        yield stage


@pytest.fixture
def prove(stage):
    """Runs the smoke suite on the stage; gives its exit status and its JSON."""

    def run():
        status = stage.smoke(quiet=True)
        return status, json.loads((stage.report / "smoke.json").read_text())

    return run
