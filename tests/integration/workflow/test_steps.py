"""Each step of the site's workflow, read from the file that ships, run as GitHub runs it."""

import json
import shutil
import sys
from urllib.parse import parse_qs

import pytest

from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets
from slipway.tool.server import agent
from tests.integration.workflow.runner import Runner, jobs
from tests.unit.push.wire import Answered, wire
from tests.unit.server.test_github_identity import GIVEN, ROLE

DEPLOY = [step for step in jobs("site.yml")["deploy"]["steps"] if "run" in step]
*BEFORE, LAST = DEPLOY
KNOW = next(step for step in DEPLOY if "SSH_KNOWN_HOSTS" in step.get("env", {}))
HOST = "203.0.113.7"
# One certificate less to ask for, and no name to look up.
SITE = f"""domain: example.com
server: {HOST}
tls: none
region: eu-central-1
settings: fixture.settings
wsgi: fixture.wsgi
ci_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ci
"""
KEY, PASSWORD = "-----BEGIN OPENSSH PRIVATE KEY-----\nthe-private-key\n-----END", "the-password"
GIVEN_SECRETS = {"SSH_KEY": KEY, "VAULT_PASSWORD": PASSWORD}
GIVEN_VARIABLES = {"SSH_KNOWN_HOSTS": f"{HOST} ssh-ed25519 AAAAhost", "AWS_ROLE_ARN": ROLE}
# The server's end of SSH: whoever is let in by these files gets what sshd runs for the key of CI, the agent itself. It
# finds a small host that Slipway has not been on.
SSH = """
[ "$1" = -G ] && exec {ssh} "$@"
env > {server}/environment
for line; do :; done
echo "$line" >> {server}/asked
grep -q the-private-key "$HOME/.ssh/id_ed25519" || {{ echo "Permission denied (publickey)." >&2; exit 255; }}
grep -q "^{host} " "$HOME/.ssh/known_hosts" || {{ echo "Host key verification failed." >&2; exit 255; }}
export SLIPWAY_ROOT={server}/srv SLIPWAY_ETC={server}/etc SLIPWAY_RUN={server}
{python} -IS {packed} ci "$line" || exit
case $line in
*" slipway facts "*) printf '%s\\n' 'system=debian 13' memory=469 cpus=1 disk=9000 resolvers=127.0.0.53 drift={{}} ;;
esac
"""


@pytest.fixture
def runner(tmp_path):
    """A fresh checkout of a site's repository: site.yml, and the secrets as `make init` seals them."""
    runner = Runner(tmp_path)
    file = runner.checkout / "site.yml"
    file.write_text(SITE)
    password_file = tmp_path / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(PASSWORD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, str(password_file))
        Secrets.write(config.load(file), {"SECRET_KEY": "of the site"})
    password_file.unlink()
    return runner


@pytest.fixture
def server(runner, tmp_path):
    """What the server was asked, line by line."""
    server = tmp_path / "server"
    for folder in ("srv", "etc"):
        (server / folder).mkdir(parents=True)
    said = {"site": "example.com", "site_host": "www.example.com", "layout": 1, "tls": False, "memory_max": "80M"}
    (server / "etc" / "release.json").write_text(json.dumps(said))
    packed = agent.pack(tmp_path / "slipway")
    runner.program(
        "ssh", SSH.format(ssh=shutil.which("ssh"), server=server, host=HOST, python=sys.executable, packed=packed)
    )
    return server


@pytest.fixture
def github(runner):
    with wire(lambda asked: Answered(body=b'{"value": "the.signed.token"}')) as github:
        runner.environment |= {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-bearer",
        }
        yield github


@pytest.fixture
def sts(runner):
    with wire(lambda asked: Answered(body=GIVEN)) as sts:
        runner.environment |= {"AWS_ENDPOINT_URL_STS": sts.url}
        yield sts


def test_a_deploy_is_stopped_by_the_server_that_was_never_provisioned_and_everything_before_works(
    runner, server, github, sts
):
    """All steps of the job in their order, up to the first word of the server's that CI must not go on after."""
    for step in BEFORE:
        done = runner.run(step, variables=GIVEN_VARIABLES)
        assert done.returncode == 0, done.stdout
        # No secret is there before the last.
        assert not (runner.home / ".ssh" / "id_ed25519").exists()
    done = runner.run(LAST, secrets=GIVEN_SECRETS, variables=GIVEN_VARIABLES)
    assert done.returncode != 0
    assert "AWS by this job's own identity" in done.stdout
    assert [asked.headers["Authorization"] for asked in github.asked] == ["bearer the-bearer"]
    (asked,) = sts.asked
    said = parse_qs(asked.body.decode())
    assert (said["RoleArn"], said["WebIdentityToken"]) == ([ROLE], ["the.signed.token"])
    assert f"{HOST}: the playbook is needed (Slipway has not been on this host)" in done.stdout
    assert "run `make deploy` from a machine whose key is in admin_keys" in done.stdout
    # It looked, and did nothing.
    asked = [line.partition(" slipway ")[2] or line for line in (server / "asked").read_text().splitlines()]
    assert asked == ["true", "facts www.example.com example.com"]


def test_no_secret_is_printed_nor_open_to_others_nor_in_the_environment_of_what_follows(runner, server, github, sts):
    runner.run(KNOW, variables=GIVEN_VARIABLES)
    done = runner.run(LAST, secrets=GIVEN_SECRETS, variables=GIVEN_VARIABLES)
    seen = done.stdout + (server / "environment").read_text()
    for secret in ("the-private-key", PASSWORD, "of the site"):
        assert secret not in seen
    assert "the playbook is needed" in seen
    assert "AWS_SESSION_TOKEN=the-session" in seen
    written = [runner.home / ".ssh", runner.home / ".ssh" / "id_ed25519", runner.temp / "vault-password"]
    assert [oct(path.stat().st_mode & 0o777) for path in written] == ["0o700", "0o600", "0o600"]
    assert (runner.home / ".ssh" / "id_ed25519").read_text() == KEY + "\n"


@pytest.mark.parametrize("name", ["SSH_KEY", "VAULT_PASSWORD"])
def test_a_secret_that_is_not_set_is_named_and_nothing_is_asked(name, runner, server, github, sts):
    runner.run(KNOW, variables=GIVEN_VARIABLES)
    done = runner.run(LAST, secrets=GIVEN_SECRETS | {name: ""}, variables=GIVEN_VARIABLES)
    assert done.returncode != 0
    assert f"{name}: set this secret to" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert (github.asked, sts.asked, (server / "asked").exists()) == ([], [], False)


def test_so_is_the_host_key_that_is_not_set(runner):
    done = runner.run(KNOW)
    assert done.returncode != 0
    assert "SSH_KNOWN_HOSTS: set this variable to" in done.stdout


def test_without_a_role_the_key_of_the_encrypted_secrets_will_do(runner, server, github, sts):
    runner.run(KNOW, variables=GIVEN_VARIABLES)
    done = runner.run(LAST, secrets=GIVEN_SECRETS, variables=GIVEN_VARIABLES | {"AWS_ROLE_ARN": ""})
    assert "AWS by the key in the vaulted file" in done.stdout
    assert "the playbook is needed" in done.stdout
    assert (github.asked, sts.asked) == ([], [])
