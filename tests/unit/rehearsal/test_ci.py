"""`.ci/run` runs its parts in order, prints their minutes, and rehearses where this computer can."""

import os
import re
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[3] / ".ci" / "run"


@pytest.fixture
def run(tmp_path):
    """Runs it with a make that notes its goals and fails for ``wrong``."""

    def go(wrong="nothing"):
        made = tmp_path / "made"
        made.write_text("")
        make = tmp_path / "bin" / "make"
        make.parent.mkdir(exist_ok=True)
        make.write_text(f'#!/bin/sh\necho "$*" >> {made}\n[ "$1" != {wrong} ] || exit 2\n')
        make.chmod(0o755)
        env = os.environ | {"PATH": f"{make.parent}:{os.environ['PATH']}"}
        done = subprocess.run([RUN], env=env, capture_output=True, text=True, check=False)
        return done, made.read_text().splitlines()

    return go


def test_every_part_runs_and_its_minutes_are_printed(run):
    done, made = run()
    assert done.returncode == 0, done.stderr
    assert made == [
        "image MACHINE=container",
        "test-slipway",
        "test",
        "lint",
        "demo ONCE=1",
        "rehearse MACHINE=container",
    ]
    rows = [line.split() for line in done.stdout.splitlines() if line]
    assert [row[0] for row in rows] == ["part", "image", "test-slipway", "test", "lint", "demo", "rehearse", "whole"]
    assert all(re.fullmatch(r"\d+\.\d", row[1]) for row in rows[1:])


def test_where_no_container_can_run_the_rehearsal_uses_qemu_and_says_so(run):
    done, made = run("image")
    assert done.returncode == 0
    assert made[-1] == "rehearse MACHINE=qemu"
    assert "no container machine here, as said above; the rehearsal is QEMU's" in done.stderr


def test_a_part_that_fails_ends_it_and_is_marked(run):
    done, made = run("lint")
    assert done.returncode == 2
    assert made[-1] == "lint"
    (lint, _, *marked), (whole, *_) = [line.split() for line in done.stdout.splitlines()][-2:]
    assert (lint, marked, whole) == ("lint", ["failed"], "whole")
