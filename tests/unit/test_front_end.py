"""`build` of site.yml: where it runs, with which environment, and how it fails."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from slipway.tool import config, front_end
from slipway.web.errors import SlipwayError


@pytest.fixture
def site(tmp_path, monkeypatch):
    """``site(command)``: a site with that ``build``, its log beside it."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)

    def described(command):
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nregion: eu-central-1\nbuild: {command!r}\n")
        return config.load(file)

    return described


def run(site, environment=None):
    log = Path("front-end.log")
    front_end.build(site, environment or {}, log)
    return log.read_text()


def test_it_runs_in_the_folder_of_the_project_by_the_shell(site, tmp_path):
    output = run(site("mkdir frontend && cd frontend && pwd; echo 'a  b' >&2"))
    assert output == f"{tmp_path}/project/frontend\na  b\n"


def test_the_first_command_that_fails_ends_it(site):
    with pytest.raises(SlipwayError):
        run(site("false; touch reached"))
    assert not Path("project/reached").exists()


def test_its_environment_has_the_site_s_addresses_and_no_secret(site, monkeypatch):
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "of-the-deployer",
        "ANSIBLE_VAULT_PASSWORD_FILE": "/the/password",
        "DATABASE_URL": "postgres://the-database",
        "SECRET_KEY": "of-django",
        "SMOKE_LOGIN": "of-the-proof",
        "SSH_AUTH_SOCK": "/the/agent",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-github",
        "CI_JOB_TOKEN": "of-gitlab",
    }
    tools = {"NPM_TOKEN": "of-npm", "npm_config_cache": "/cache", "https_proxy": "http://proxy", "VITE_API": "/api"}
    for name, value in {**secrets, **tools}.items():
        monkeypatch.setenv(name, value)
    output = run(site("env"), {"STATIC_URL": "https://static.example.com/", "FLAG": "on"})
    given = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    assert not given.keys() & secrets.keys()
    assert not [value for value in secrets.values() if value in output]
    assert given.items() >= {**tools, "STATIC_URL": "https://static.example.com/", "FLAG": "on"}.items()
    assert given["HOME"] == os.environ["HOME"]
    # npm would leave the bundler out, which is a package for development.
    assert (given["NODE_ENV"], given["npm_config_include"]) == ("production", "dev")
    # A tool that a Python package brings is found too.
    assert given["PATH"].split(":")[1:] == os.environ["PATH"].split(":")
    assert Path(given["PATH"].split(":")[0], "python").exists()


def test_a_failure_is_one_line_and_its_last_lines_are_shown(site, capsys):
    with pytest.raises(SlipwayError) as caught:
        run(site("seq 100; echo no such module >&2; exit 3"))
    assert str(caught.value) == (
        "build: `seq 100; echo no such module >&2; exit 3` failed with exit status 3; all of its output: front-end.log"
    )
    shown = capsys.readouterr().out.splitlines()
    assert shown[-2:] == ["    100", "    no such module"]
    assert len(shown) == front_end.LAST_LINES


def test_the_first_error_is_shown_too(site, capsys):
    """npm ends with a list of its options."""
    with pytest.raises(SlipwayError):
        run(site("echo fine; echo npm error code EUSAGE; echo npm error not in sync; seq 100; exit 1"))
    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert shown[:5] == ["npm error code EUSAGE", "npm error not in sync", "1", "2", "…"]
    assert shown[5:] == [str(number) for number in range(89, 101)]


@pytest.mark.parametrize(
    "command", ["npm ci && npm run build", "cd frontend && npm ci", "pnpm install --frozen-lockfile"]
)
def test_a_program_that_is_missing_is_one_line_before_anything(site, command, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    program = "pnpm" if "pnpm" in command else "npm"
    with pytest.raises(SlipwayError, match=f"^build: {program} is not installed here; install Node.js"):
        front_end.require(site(command))
    front_end.require(site("./build.sh"))
    front_end.require(site(""))


def test_one_that_does_not_end_is_ended(site, monkeypatch):
    monkeypatch.setattr(front_end, "LIMIT", 0.3)
    with pytest.raises(SlipwayError, match=r"was ended after 0.005 minutes; see front-end\.log"):
        run(site("echo $$; sleep 60 & echo $!; wait"))
    assert_ended(Path("front-end.log").read_text())


def test_an_interrupted_one_ends_with_all_that_it_has_started(site, monkeypatch):
    waits, wait = threading.Event(), subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "wait", lambda self, *limit: waits.set() or wait(self, *limit))

    def interrupt():
        waits.wait()
        while len(Path("front-end.log").read_text().split() if Path("front-end.log").exists() else ()) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(site("echo $$; sleep 60 & echo $!; wait"))
    thread.join()
    assert_ended(Path("front-end.log").read_text())


def assert_ended(output):
    """Whether the processes of these ids have ended; one that init has not reaped yet has."""
    numbers = output.split()
    assert len(numbers) == 2, output
    for number in numbers:
        deadline = time.monotonic() + 5
        while _runs(number):
            assert time.monotonic() < deadline, number
            time.sleep(0.01)


def _runs(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_second_build_of_a_checkout_waits_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(front_end, "ROOT", tmp_path)
    told, went, order = threading.Event(), threading.Event(), []

    def second():
        with front_end.alone():
            order.append("second")
        went.set()

    monkeypatch.setattr("builtins.print", lambda *_, **__: told.set())
    with front_end.alone():
        waiting = threading.Thread(target=second)
        waiting.start()
        assert told.wait(10)
        order.append("first")
    assert went.wait(10) and order == ["first", "second"]
    waiting.join()
