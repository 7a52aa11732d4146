"""Values of site.yml and the vaulted file arrive unchanged: Ansible takes none of them as a template."""

import json
import shutil
import subprocess

import pytest

from slipway.tool import budget, config
from slipway.tool.secrets import Secrets
from slipway.tool.server import inventory, layout, playbook, state
from tests.unit.ansible.conftest import ANSIBLE

ROLE = ANSIBLE / "roles" / "gunicorn"


def run(folder, name):
    """A lookup that leaves a file, if it is run."""
    return f"{{{{ lookup('pipe', 'touch {folder}/{name}') }}}}"


def web(folder):
    return {
        "SECRET_KEY": "ab{#cd#}ef",
        "STRIPE_KEY": run(folder, "by-secret"),
        "BLOCK": "{% raw %}x{% endraw %}",
        "TAG": "!unsafe x",
        "CANARY": "canary-5f11",
    }


def environment(folder):
    return {"NOTE": run(folder, "by-environment"), "SUM": "{{ 1 + 1 }}", "QUOTED": """'"$HOME" \\{{"""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The site's folder, and all that Ansible leaves there."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def told(folder):
    """What a server is told: its environment by name, and some of Ansible's variables.

    By Ansible itself, once, as a deploy calls it, with a playbook that writes it down; what that has written is gone.
    """
    names = "slipway_acme_email|ansible_ssh_common_args"
    written = (
        f"{{{{ hostvars[inventory_hostname] | dict2items | selectattr('key', 'match', '{names}') | items2dict }}}}"
    )
    env, variables = folder / "site.env", folder / "told.json"
    play = {
        "hosts": "web",
        "connection": "local",
        "vars_files": [str(ROLE / kind / "main.yml") for kind in ("defaults", "vars")] + [str(layout.FILE)],
        "tasks": [
            {"ansible.builtin.template": {"src": str(ROLE / "templates" / "site.env.j2"), "dest": str(env)}},
            {"ansible.builtin.copy": {"content": written, "dest": str(variables)}},
        ],
    }
    (folder / "provision.yml").write_text(json.dumps([play]))
    (folder / "password").touch(0o600)
    (folder / "password").write_text("the-password\n")
    (folder / "log").mkdir()
    (folder / "{{ 1 }} config").touch()
    shutil.copy(ANSIBLE / "ansible.cfg", folder)
    said = {
        "domain": "example.com",
        "region": "eu-central-1",
        "server": "203.0.113.7",
        "environment": environment(folder),
        "email": "{{lookup('env','HOME')}}@example.com",
        "ssh_config": "{{ 1 }} config",
    }
    (folder / "site.yml").write_text(json.dumps(said))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "directory", lambda site: folder)
        patch.setattr(playbook, "ANSIBLE", folder)
        patch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(folder / "password"))
        site = config.load(folder / "site.yml")
        secrets = Secrets.write(site, web=web(folder))
        playbook.provision(site, secrets, inventory.write(site, secrets, budget.plan(469, 1)))
    script = f"set -a; . {env}; exec env -0"
    heard = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()
    env.unlink()
    found = json.loads(variables.read_text())
    variables.unlink()
    return dict(entry.split("=", 1) for entry in heard.split("\0") if entry), found


def test_no_value_is_a_template_and_none_runs_a_lookup(told, folder):
    heard, variables = told
    meant = web(folder) | environment(folder)
    assert {name: heard[name] for name in meant} == meant
    assert variables["slipway_acme_email"] == "{{lookup('env','HOME')}}@example.com"
    assert variables["ansible_ssh_common_args"].startswith(f"-F '{folder}/{{{{ 1 }}}} config' -o StrictHost")
    assert not list(folder.glob("by-*"))


def test_no_secret_of_it_is_readable_on_the_disk(told, folder):
    assert (folder / "secrets.json").read_text().startswith("$ANSIBLE_VAULT;")
    holding = [path.name for path in folder.rglob("*") if path.is_file() and b"canary-5f11" in path.read_bytes()]
    assert holding == []
