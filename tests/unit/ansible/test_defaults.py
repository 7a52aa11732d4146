"""A changed default of a role changes what is written on the server."""

import pytest

from tests.unit.ansible.conftest import ANSIBLE, ROOT
from tests.unit.ansible.roles import ROLES, SITE, values
from tests.unit.ansible.test_templates import variables

# What another value of each kind is; the type of an expression is that of its result.
OTHERS = {
    "agent_watched_packages": ["other"],
    "agent_watched_units": ["other.service"],
    "agent_watched_enabled": ["other.service"],
    "base_sysctl": ["other.key = 1"],
    "base_sysctl_ipv6": ["other.key = 1"],
    "nginx_addresses": ["192.0.2.77"],
}
# Packages, swap and patience are arguments of tasks, and stand in no file.
IN_TASKS = {
    "base_timeout",
    "base_swap_mb",
    "base_swap_file",
    "base_packages",
    "base_group_packages",
    "base_unwanted_packages",
}


def other(name, value):
    if name in OTHERS:
        return OTHERS[name]
    if isinstance(value, list):
        return [*value, 77]
    return value + 1 if isinstance(value, int) else "77m"


@pytest.fixture(scope="module")
def counts(render, tmp_path_factory):
    """For each role's default whether another value renders otherwise; all of a role's templates are one text."""
    folder, asked = tmp_path_factory.mktemp("roles"), {}
    for role in ROLES:
        templates = sorted((ANSIBLE / "roles" / role / "templates").glob("*.j2"))
        templates += [ROOT / "nginx" / "nginx.conf.j2"] if role == "nginx" else []
        whole = folder / f"{role}.j2"
        whole.write_text("\n".join(path.read_text() for path in templates))
        asked[role, ""] = (whole, variables(role), {})
        for name, value in values(role, "defaults").items():
            if name not in IN_TASKS:
                asked[role, name] = (whole, variables(role), {name: other(name, value)})
    texts = dict(zip(asked, render(asked.values()), strict=True))
    return {name: text != texts[role, ""] for (role, name), text in texts.items() if name}


def test_another_value_of_each_default_changes_what_is_rendered(counts):
    assert [name for name, changes in counts.items() if not changes] == []
    assert len(counts) > 20


@pytest.mark.parametrize("name", sorted(IN_TASKS))
def test_the_arguments_of_tasks_are_used_there(name):
    role = ANSIBLE / "roles" / "base"
    assert any(name in path.read_text() for folder in ("tasks", "vars") for path in (role / folder).glob("*.yml"))


@pytest.mark.parametrize("role", ROLES)
def test_the_tool_passes_no_variable_that_would_overrule_a_default(role):
    assert [name for name in values(role, "defaults") if name in SITE] == []
    assert all(name.startswith("slipway_") or name == "layout" for name in SITE)
