"""Each step of the site's workflow, read from the file that ships, run as GitHub runs it."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from slipway import ROOT
from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets
from slipway.tool.server import agent
from slipway.tool.server.layout import LAYOUT
from tests.integration.workflow.runner import Runner, jobs
from tests.unit.push.wire import Answered, Asked, wire
from tests.unit.server.test_github_identity import GIVEN, ROLE

TEST, DEPLOY = ([step for step in job["steps"] if "run" in step] for job in jobs("site.yml").values())
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
build: env > built
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
export SLIPWAY_PREFIX={server}
{python} -IS {packed} ci "$line" || exit
case $line in
*" slipway facts "*) printf '%s\\n' 'system=debian 13' memory=469 cpus=1 disk=9000 resolvers=127.0.0.53 drift={{}} ;;
esac
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """A fresh checkout of a site's repository: site.yml, and the secrets as `make init` seals them."""
    runner = Runner(tmp_path_factory.mktemp("runner"))
    file = runner.checkout / "site.yml"
    file.write_text(SITE)
    password_file = runner.temp / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(PASSWORD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, str(password_file))
        Secrets.write(config.load(file), {"SECRET_KEY": "of the site"})
    password_file.unlink()
    return runner


@pytest.fixture(scope="module")
def server(runner, tmp_path_factory):
    """Its folder: `asked` has what it was asked, line by line, and `environment` that of the last who asked."""
    server = tmp_path_factory.mktemp("server")
    settings = Path(f"{server}{LAYOUT.agent_settings}")
    settings.parent.mkdir(parents=True)
    values = {
        "site": "example.com",
        "site_host": "www.example.com",
        "layout": LAYOUT.version,
        "tls": False,
        "memory_max": "80M",
    }
    settings.write_text(json.dumps(values))
    packed = agent.pack(server / "slipway")
    runner.program(
        "ssh", SSH.format(ssh=shutil.which("ssh"), server=server, host=HOST, python=sys.executable, packed=packed)
    )
    return server


@pytest.fixture(scope="module")
def github(runner):
    with wire(lambda asked: Answered(body=b'{"value": "the.signed.token"}')) as github:
        runner.environment |= {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-bearer",
        }
        yield github


@pytest.fixture(scope="module")
def sts(runner):
    with wire(lambda asked: Answered(body=GIVEN)) as sts:
        runner.environment |= {"AWS_ENDPOINT_URL_STS": sts.url}
        yield sts


@dataclass(frozen=True)
class Deployed:
    """The job's last step, and what it left when it ended: later steps ask the same three."""

    returncode: int
    stdout: str
    github: list[Asked]
    sts: list[Asked]
    server: list[str]
    environment: str
    modes: list[str]
    key: str
    built: str


@pytest.fixture(scope="module")
def deployed(runner, server, github, sts):
    """All steps of the job in their order; gives the last one."""
    for step in BEFORE:
        done = runner.run(step, variables=GIVEN_VARIABLES)
        assert done.returncode == 0, done.stdout
        # No secret is there before the last.
        assert not (runner.home / ".ssh" / "id_ed25519").exists()
    github.asked.clear()
    sts.asked.clear()
    (server / "asked").unlink(missing_ok=True)
    done = runner.run(LAST, secrets=GIVEN_SECRETS, variables=GIVEN_VARIABLES)
    key = runner.home / ".ssh" / "id_ed25519"
    return Deployed(
        done.returncode,
        done.stdout,
        [*github.asked],
        [*sts.asked],
        [line.partition(" slipway ")[2] or line for line in (server / "asked").read_text().splitlines()],
        (server / "environment").read_text(),
        [oct(path.stat().st_mode & 0o777) for path in (key.parent, key, runner.temp / "vault-password")],
        key.read_text(),
        (runner.checkout / "project" / "built").read_text(),
    )


@pytest.fixture
def asked(deployed, server, github, sts):
    """Forgets what was asked so far; gives what is asked from now on, of all three."""
    github.asked.clear()
    sts.asked.clear()
    file = server / "asked"
    file.unlink(missing_ok=True)
    return lambda: (len(github.asked), len(sts.asked), file.exists())


def test_a_step_does_not_see_the_clone_that_these_tests_run_in(runner):
    assert (ROOT / "Makefile").exists()
    assert runner.run({"run": "ls Makefile"}).returncode == 0
    assert "No such file" in runner.run({"run": f"ls {ROOT / 'Makefile'}"}).stdout


def test_the_job_proves_who_it_is_and_gets_a_key(deployed):
    assert "AWS by this job's own identity" in deployed.stdout
    assert [asked.headers["Authorization"] for asked in deployed.github] == ["bearer the-bearer"]
    (asked,) = deployed.sts
    form = parse_qs(asked.body.decode())
    assert (form["RoleArn"], form["WebIdentityToken"]) == ([ROLE], ["the.signed.token"])


def test_a_server_that_needs_the_playbook_stops_it_before_it_does_anything_there(deployed):
    assert deployed.returncode != 0
    assert f"{HOST}: the playbook is needed (the host is new)" in deployed.stdout
    assert "run `make deploy` from a machine whose key is in admin_keys" in deployed.stdout
    assert deployed.server == ["true", "facts www.example.com example.com"]


def test_no_secret_is_printed_nor_open_to_others_nor_in_the_environment_of_what_follows(deployed):
    assert "AWS_SESSION_TOKEN=the-session" in deployed.environment
    for secret in ("the-private-key", PASSWORD, "of the site"):
        assert secret not in deployed.stdout + deployed.environment
    assert deployed.modes == ["0o700", "0o600", "0o600"]
    assert deployed.key == KEY + "\n"


def test_the_front_end_s_packages_run_before_any_secret_is_there(deployed):
    assert "NODE_ENV=production" in deployed.built
    for name in ("ACTIONS_ID_TOKEN", "ANSIBLE_VAULT_PASSWORD_FILE", "AWS_ACCESS", "AWS_SESSION", "AWS_ROLE"):
        assert name not in deployed.built


def test_without_a_role_the_key_of_the_encrypted_secrets_will_do(asked, runner):
    done = runner.run(LAST, secrets=GIVEN_SECRETS, variables=GIVEN_VARIABLES | {"AWS_ROLE_ARN": ""})
    assert "AWS by the key in the vaulted file" in done.stdout
    assert "the playbook is needed" in done.stdout
    assert asked() == (0, 0, True)


@pytest.mark.parametrize("name", ["SSH_KEY", "VAULT_PASSWORD"])
def test_a_missing_secret_is_named_and_no_request_is_sent(name, asked, runner):
    done = runner.run(LAST, secrets=GIVEN_SECRETS | {name: ""}, variables=GIVEN_VARIABLES)
    assert done.returncode != 0
    assert f"{name}: set this secret to" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert asked() == (0, 0, False)


def test_so_is_the_host_key_that_is_not_set(runner):
    done = runner.run(KNOW)
    assert done.returncode != 0
    assert "SSH_KNOWN_HOSTS: set this variable to" in done.stdout


FAILING = """from django.test import SimpleTestCase

class Failing(SimpleTestCase):
    def test_it(self):
        self.fail("broken")
"""


def test_a_site_that_is_whole_passes_the_job_that_the_deploy_needs(runner):
    for step in TEST:
        done = runner.run(step)
        assert done.returncode == 0, done.stdout
    assert "▸ Build the front end: env > built" in done.stdout
    assert "passes: `make deploy` can deploy it" in done.stdout


@pytest.mark.parametrize(
    ("file", "lines"),
    [("gallery/tests.py", FAILING), ("fixture/settings.py", "raise RuntimeError('broken')\n")],
    ids=["a test that fails", "settings that raise"],
)
def test_a_site_that_is_broken_fails_it(file, lines, runner):
    """That the deploy needs the job is held in tests/unit/repository."""
    path = runner.checkout / "project" / file
    before = path.read_text() if path.exists() else ""
    path.write_text(before + lines)
    try:
        done = runner.run(TEST[-1])
    finally:
        path.write_text(before)
    assert done.returncode != 0
    assert "broken" in done.stdout
