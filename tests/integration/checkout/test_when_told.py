"""`manage.py when_told`: a deploy starts a command before its turn."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def waiting(checkout):
    """A collectstatic that has started, and what tells it."""

    def tell(line, meanwhile=lambda: None):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "when_told", "collectstatic", "--noinput"],
            cwd=checkout.root,
            env={**os.environ, **checkout.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            meanwhile()
            return process.communicate(line, timeout=120)[0], process.returncode

    return tell


def test_it_reads_the_files_of_its_turn(checkout, bucket, waiting):
    checkout.write("assets/css/told.css", "a { color: red }\n")
    printed, status = waiting("\n", lambda: checkout.write("assets/css/told.css", "a { color: blue }\n"))
    assert status == 0, printed
    bodies = [body for key, (body, _) in bucket.objects.items() if "/told." in key]
    assert bodies and all(b"blue" in body for body in bodies)


def test_nothing_is_pushed_where_the_deploy_has_ended_before(checkout, bucket, waiting):
    checkout.write("assets/css/told.css", "a { color: red }\n")
    assert waiting("") == ("", 0)
    assert not bucket.puts


def test_an_error_is_its_own_one_line(checkout, waiting):
    checkout.write("assets/css/told.css", "a { background: url(missing.png) }\n")
    printed, status = waiting("\n")
    assert status == 1
    assert printed.splitlines()[-1].startswith("slipway: ") and "missing.png" in printed
