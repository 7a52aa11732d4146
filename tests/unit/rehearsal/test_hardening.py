"""Each check compares its output, and a missing output fails it."""

import ast
import re

import pytest

from rehearsal.server_site import SITE
from slipway.tool.audit import host
from slipway.tool.server import agent


def answers(changes, skipped=()):
    """A host that answers each script as a good one would, but for ``changes`` (check → answer, None: no answer)."""
    checks = {what: check for what, check in host.CHECKS.items() if what not in skipped}
    good = {
        "The site is confined": "level for slipway.service: 1.1 OK :-)",
        "nginx is confined": "level for nginx.service: 2.6 OK :-)",
        "A release's jobs are confined too": "level for slipway-migrations.service: 1.2 OK :-)",
        "The health check of a release is confined too": "level for slipway-check.service: 1.2 OK :-)",
        "The compiler of a release's modules is confined too": "level for slipway-bytecode.service: 0.9 OK :-)",
        "`make shell` is confined too": "level for slipway-shell-7.service: 1.2 OK :-)",
        "The certificate's renewal is confined": "level for slipway-certificate.service: 2.5 OK :-)",
        "The disk watch is confined": "level for slipway-disk.service: 1.7 OK :-)",
        "What archives WAL is confined": "level for slipway-archive@1.service: 1.1 OK :-)",
        "PostgreSQL cannot, though it is the same user": "cat: /etc/slipway/pgbackrest.conf: Permission denied",
        "PostgreSQL is confined": "level for postgresql@17-main.service: 2.0 OK :-)",
        "HTTP redirects to HTTPS": "HTTP/1.1 301",
        "The database's role has no privileges over others": "f|f|f",
        "SSH accepts keys only": "10",
    }

    def run(script):
        assert len(re.findall(r"^echo '-- \d+'$", script, re.M)) == len(checks)
        said = []
        for at, (what, (_, wanted)) in enumerate(checks.items()):
            answer = changes.get(what, good.get(what, wanted))
            said.append("" if answer is None else f"-- {at}\n{answer}\n\n")
        return "".join(said)

    return run


def test_a_good_host_has_nothing_wrong():
    assert host.failed_checks(answers({}), SITE) == {}


def test_a_failed_check_has_its_output():
    changes = {
        "No unit has failed": "nginx.service failed",
        "Swap is on": None,
        "The site is confined": "level for slipway.service: 2.1 OK",
    }
    assert host.failed_checks(answers(changes), SITE) == {
        "Swap is on": "no answer",
        "The site is confined": "level for slipway.service: 2.1 OK",
        "No unit has failed": "nginx.service failed",
    }


def test_what_needs_a_kernel_of_its_own_is_not_asked_for_where_there_is_none():
    skipped = host.NEED_KERNEL
    assert set(skipped) < set(host.CHECKS)
    assert host.failed_checks(answers({"No unit has failed": "nginx"}, skipped), SITE, skipped) == {
        "No unit has failed": "nginx"
    }


@pytest.mark.parametrize("command", [host.CHECK, host.BYTECODE], ids=["check", "bytecode"])
def test_the_agents_function_has_the_parameters_that_a_check_passes(command):
    call = ast.parse(re.search(r'import bytecode, check; (.*?)"\)', command)[1]).body[0].value
    module = ast.parse((agent.SOURCE / f"{call.func.value.id}.py").read_text())
    arguments = next(node.args for node in module.body if getattr(node, "name", "") == call.func.attr)
    assert {each.arg for each in call.keywords} == {each.arg for each in arguments.kwonlyargs}
    assert arguments.vararg or len(call.args) == len(arguments.args)
