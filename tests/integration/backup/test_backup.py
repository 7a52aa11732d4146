"""The backup's unit, run as systemd runs it: against pgBackRest, PostgreSQL and S3 themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.tool.server import agent
from tests.integration.backup.cluster import Backups, Cluster
from tests.unit.agent.conftest import lay_out

SETTINGS = {"site": "example.com", "site_host": "www.example.com", "layout": 3, "tls": True, "memory_max": "80M"}
QUIET = "3"


@pytest.fixture(scope="module")
def environment(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The agent's, with a systemd that knows no unit."""
    lay_out(cluster.top, SETTINGS | {"backups": "wal"})
    programs = tmp_path_factory.mktemp("programs")
    (programs / "systemctl").symlink_to("/bin/true")
    return {**os.environ, "SLIPWAY_PREFIX": str(cluster.top), "PATH": f"{programs}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def program(cluster: Cluster) -> Path:
    return agent.pack(cluster.top / "slipway")


@pytest.fixture
def run(program: Path, environment: dict[str, str], backups: Backups) -> Callable[..., subprocess.CompletedProcess]:
    """The unit's command; ``before`` is Python that runs in it first."""

    def run(before: str = "", asked: str = "") -> subprocess.CompletedProcess:
        if asked:
            (backups.cluster.top / "run" / "slipway-backup.request").write_text(asked)
        start = (
            f"import sys; sys.path.insert(0, {str(program)!r}); sys.argv = ['slipway', 'backup', '--run', {QUIET!r}]"
        )
        code = f"{start}\n{before}\nfrom agent.__main__ import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def ours(run, generation: str, backups: Backups) -> Iterator[str]:
    """The generation is this machine's, and nothing is known of a backup."""
    held = backups.state / "generation.json"
    code = (
        "from agent import generation; from pathlib import Path; from agent.s3 import settings; "
        "data = Path(settings()['pg1-path']); "
        "print(generation.machine(), generation.system(data), generation.started(data), sep='|'); sys.exit()"
    )
    machine, system, started = run(code).stdout.strip().split("|")
    has = {"generation": generation, "machine": machine, "system": system, "started": started, "ready": True}
    held.write_text(json.dumps(has))
    (backups.state / "last.json").unlink(missing_ok=True)
    yield generation


def last(backups: Backups) -> dict:
    return json.loads((backups.state / "last.json").read_text())


def test_the_first_is_a_full_one_and_what_is_asked_for_follows(run, ours, backups: Backups):
    done = run()
    assert not done.returncode, done.stderr
    print(done.stdout, done.stderr)
    label = backups.info(ours)["backup"][-1]["label"]
    assert last(backups)["full"]["label"] == label and label.endswith("F")
    assert run().stdout == "nothing is due\n"
    assert not run(asked="diff").returncode
    assert [each["type"] for each in backups.info(ours)["backup"]] == ["full", "diff"]
    assert last(backups)["diff"]["label"].startswith(f"{label}_")
