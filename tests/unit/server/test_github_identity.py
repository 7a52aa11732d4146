"""A GitHub job's own identity, handed to AWS for credentials that only the command sees."""

import os
import subprocess
import sys
from unittest import mock
from urllib.parse import parse_qs

import pytest

from slipway.tool import config, github_identity
from tests.unit.push.wire import Answered, wire

ROLE = "arn:aws:iam::123456789012:role/slipway/example-com-deployer"
GIVEN = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>
<SecretAccessKey>the-secret</SecretAccessKey><SessionToken>the-session</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
DENIED = b"""<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>"""
SHOWN = "import os; print({name: os.environ.get('AWS_' + name) for name in ('ACCESS_KEY_ID', 'SESSION_TOKEN')})"


@pytest.fixture
def github():
    with wire(lambda asked: Answered(body=b'{"value": "the.signed.token"}')) as github:
        yield github


@pytest.fixture
def sts():
    with wire(lambda asked: Answered(body=GIVEN)) as sts:
        yield sts


@pytest.fixture
def environ(tmp_path, github, sts):
    """A job's variables."""
    site = tmp_path / "site.yml"
    site.write_text("domain: example.com\nregion: eu-central-1\n")
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ACTIONS_"))}
    return others | {
        "CONFIG": str(site),
        "AWS_ROLE_ARN": ROLE,
        "AWS_ENDPOINT_URL_STS": sts.url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-bearer",
        "GITHUB_RUN_ID": "42",
    }


@pytest.fixture
def run(environ):
    """Runs a command that prints what AWS variables it sees."""

    def run(**changes):
        command = [sys.executable, "-m", "slipway.tool.github_identity", sys.executable, "-c", SHOWN]
        return subprocess.run(
            command, cwd=config.ROOT, env=environ | changes, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def rejected(environ, one_attempt, monkeypatch, capsys):
    """The line that is said where the command does not run; None takes a variable away, and nothing waits."""
    monkeypatch.setattr(github_identity, "RETRIES", github_identity.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(os, "execvpe", lambda *command: pytest.fail(f"{command} runs"))

    def rejected(**changes):
        passed = {name: value for name, value in (environ | changes).items() if value is not None}
        with mock.patch.dict(os.environ, passed, clear=True):
            assert github_identity.main(["make", "deploy"]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        return said.err

    return rejected


def test_the_command_gets_credentials_of_the_role_and_nothing_is_shown(run, github, sts):
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    first, shown = done.stdout.splitlines()
    assert first == "AWS by this job's own identity"
    assert shown == str({"ACCESS_KEY_ID": "ASIAEXAMPLE", "SESSION_TOKEN": "the-session"})
    (asked,) = github.asked
    assert asked.path == "/token?api-version=2.0&audience=sts.amazonaws.com"
    assert asked.headers["Authorization"] == "bearer the-bearer"
    (asked,) = sts.asked
    said = {name: value for name, (value,) in parse_qs(asked.body.decode()).items()}
    assert said["Action"] == "AssumeRoleWithWebIdentity"
    assert (said["RoleArn"], said["RoleSessionName"]) == (ROLE, "github-42")
    assert said["WebIdentityToken"] == "the.signed.token"
    # No key signs it: the token is all the proof there is.
    assert "Authorization" not in asked.headers


def test_without_a_role_the_error_names_the_vaults_key(run, github, sts):
    done = run(AWS_ROLE_ARN="")
    assert done.stdout.splitlines()[0] == "AWS by the key in the vaulted file"
    assert (done.returncode, github.asked, sts.asked) == (0, [], [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": None}, "its workflow needs `id-token: write`"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/?"}, "run the job again"),
        ({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}, "the AWS request for credentials of"),
    ],
    ids=["no permission", "no GitHub", "no AWS"],
)
def test_a_failure_is_one_line_and_the_command_does_not_run(rejected, changes, said):
    line = rejected(**changes)
    assert said in line
    assert "the-bearer" not in line
    assert "the.signed.token" not in line


def test_a_role_that_trusts_another_subject_is_an_error_with_what_to_check(rejected, sts):
    sts.answering = lambda asked: Answered(403, DENIED)
    line = rejected()
    assert f"no credentials of {ROLE}: 403 AccessDenied" in line
    assert "it trusts only jobs in the environment `production`" in line
    assert "environment `production`" in line


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message": "no"}', b"[]"])
def test_an_answer_of_another_form_is_no_identity(rejected, github, sts, body):
    github.answering = lambda asked: Answered(body=body)
    assert "does not issue this job's identity" in rejected()
    assert sts.asked == []
