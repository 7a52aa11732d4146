"""What people write into site.yml and the vaulted file arrives as it stands: for Ansible none of it is a template."""

import json
import shutil
import subprocess

import pytest

from slipway.tool import budget, config
from slipway.tool.secrets import Secrets
from slipway.tool.server import inventory, playbook, state
from tests.unit.ansible.conftest import ANSIBLE

ROLE = ANSIBLE / "roles" / "gunicorn"


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Ansible itself, as a deploy calls it, with a playbook that writes down what it was told."""
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    monkeypatch.setattr(playbook, "ANSIBLE", tmp_path)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("the-password\n")
    (tmp_path / "log").mkdir()
    shutil.copy(ANSIBLE / "ansible.cfg", tmp_path)
    names = "slipway_acme_email|ansible_ssh_common_args"
    told = f"{{{{ hostvars[inventory_hostname] | dict2items | selectattr('key', 'match', '{names}') | items2dict }}}}"
    tasks = [
        {
            "ansible.builtin.template": {
                "src": str(ROLE / "templates" / "site.env.j2"),
                "dest": str(tmp_path / "site.env"),
            }
        },
        {"ansible.builtin.copy": {"content": told, "dest": str(tmp_path / "told.json")}},
    ]
    play = {
        "hosts": "web",
        "connection": "local",
        "vars_files": [str(ROLE / kind / "main.yml") for kind in ("defaults", "vars")],
        "tasks": tasks,
    }
    (tmp_path / "provision.yml").write_text(json.dumps([play]))

    def play_it(environment, web, **more):
        file = tmp_path / "site.yml"
        said = {"domain": "example.com", "region": "eu-central-1", "server": "203.0.113.7", "environment": environment}
        file.write_text(json.dumps(said | more))
        site = config.load(file)
        (tmp_path / "site.secrets.yml").unlink(missing_ok=True)
        secrets = Secrets.write(site, web=web)
        playbook.provision(site, secrets, inventory.write(site, secrets, budget.plan(469, 1)))
        script = f"set -a; . {tmp_path / 'site.env'}; exec env -0"
        heard = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()
        environment = dict(entry.split("=", 1) for entry in heard.split("\0") if entry)
        return environment, json.loads((tmp_path / "told.json").read_text())

    return play_it


def test_no_value_is_a_template_and_none_runs_a_lookup(played, tmp_path):
    def run(name):
        return f"{{{{ lookup('pipe', 'touch {tmp_path}/{name}') }}}}"

    web = {
        "SECRET_KEY": "ab{#cd#}ef",
        "STRIPE_KEY": run("by-secret"),
        "BLOCK": "{% raw %}x{% endraw %}",
        "TAG": "!unsafe x",
    }
    said = {"NOTE": run("by-environment"), "SUM": "{{ 1 + 1 }}", "QUOTED": """'"$HOME" \\{{"""}
    (tmp_path / "{{ 1 }} config").touch()
    heard, told = played(said, web, email="{{lookup('env','HOME')}}@example.com", ssh_config="{{ 1 }} config")
    assert {name: heard[name] for name in (*web, *said)} == web | said
    assert told["slipway_acme_email"] == "{{lookup('env','HOME')}}@example.com"
    assert told["ansible_ssh_common_args"].startswith(f"-F '{tmp_path}/{{{{ 1 }}}} config' -o StrictHost")
    assert not list(tmp_path.glob("by-*"))


def test_no_secret_of_it_is_readable_on_the_disk(played, tmp_path):
    played({}, {"SECRET_KEY": "canary-5f11"})
    (tmp_path / "site.env").unlink()
    (tmp_path / "told.json").unlink()
    assert (tmp_path / "secrets.json").read_text().startswith("$ANSIBLE_VAULT;")
    holding = [path.name for path in tmp_path.rglob("*") if path.is_file() and b"canary-5f11" in path.read_bytes()]
    assert holding == []
