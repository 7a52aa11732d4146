"""The playbooks and roles as files: they parse, and each role's defaults are its reference."""

import re

import pytest

from tests.unit.ansible.conftest import ANSIBLE
from tests.unit.ansible.roles import ROLES, texts, values

PLAYBOOKS = sorted(ANSIBLE.glob("*.yml"))


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.name)
def test_ansible_can_read_the_playbook(playbook, ansible):
    inventory = "--inventory=localhost,"
    ansible("ansible-playbook", "--syntax-check", inventory, "-e", '{"web": 1, "db": 1, "lb": 1}', playbook)


@pytest.mark.parametrize("role", ROLES)
def test_every_default_carries_the_roles_prefix(role):
    assert [name for name in values(role, "defaults") if not re.fullmatch(rf"{role}_[a-z]\w*", name)] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_default_is_used(role):
    everything = "\n".join(texts(role).values()) + (ANSIBLE / "roles" / role / "defaults" / "main.yml").read_text()
    everything += (ANSIBLE.parent / "nginx" / "nginx.conf.j2").read_text()
    unused = [name for name in values(role, "defaults") if len(re.findall(rf"\b{name}\b", everything)) < 2]
    assert unused == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_uses_no_variable_of_another(role):
    others = "|".join(name for name in ROLES if name != role)
    named = {
        path: found
        for path, text in texts(role).items()
        if (found := re.findall(rf"\{{\{{[^}}]*?(?<!\.)\b((?:{others})_+\w+)", text))
    }
    assert named == {}
