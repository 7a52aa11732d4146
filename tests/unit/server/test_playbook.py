"""What is heard of Ansible: roles as they come, and of a failure the task and its reason."""

import pytest

from slipway.tool.server import playbook

OUTPUT = """
PLAY [Prepare every host] ******************************************************

TASK [base : See whether the admin user answers] *******************************
ok: [example-com]

TASK [base : Make the swap file] ***********************************************
changed: [example-com]

TASK [nginx : Ensure nginx is installed] ***************************************
"""
FATAL = """fatal: [example-com]: FAILED! =>
    changed: false
    msg: "No package matching 'nginx' is available"
"""


def test_each_role_is_spoken_with_its_tasks(capsys):
    spoken = playbook.Spoken()
    for line in OUTPUT.splitlines():
        spoken.hear(line)
    spoken.end()
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()] == [
        ["base", "2", "tasks"],
        ["nginx", "1", "tasks"],
    ]


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (OUTPUT + FATAL, "Ensure nginx is installed: No package matching 'nginx' is available"),
        (
            OUTPUT
            + 'fatal: [x]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect", "unreachable": true}\n',
            "Ensure nginx is installed: Failed to connect",
        ),
        (
            OUTPUT + FATAL.replace("nginx", "other") + "...ignoring\n" + FATAL,
            "No package matching 'nginx' is available",
        ),
        (
            OUTPUT
            + FATAL
            + "TASK [base : Say what happened] ****\n"
            + FATAL.replace("No package", "Taken back: no package"),
            "Say what happened: Taken back: no package matching 'nginx' is available",
        ),
        (
            "TASK [base : Say what happened] ****\n"
            "fatal: [h]: FAILED! => \n    changed: false\n"
            "    msg: deploy cannot log in from here with admin_keys of site.yml; who could log in\n"
            "        before still can\n"
            "\nPLAY RECAP ****\n",
            "with admin_keys of site.yml; who could log in before still can",
        ),
        ("ERROR! the role 'tls' was not found\n", "ERROR! the role 'tls' was not found"),
        ("", "ansible-playbook said nothing"),
    ],
)
def test_a_failure_is_one_line(output, says):
    said = playbook.failure(output)
    assert said.endswith(says)
    assert "\n" not in said


PLAYED = """
TASK [base : Write the firewall's rules] ***************************************
ok: [slipway-test]

TASK [base : Put the written rules in force] ***********************************
changed: [slipway-test]

TASK [nginx : Create the folders of the units' settings] ***********************
changed: [slipway-test] => (item=nginx.service)
changed: [slipway-test] => (item=logrotate.timer)

RUNNING HANDLER [nginx : Reload nginx] *****************************************
changed: [slipway-test]

PLAY RECAP *********************************************************************
slipway-test               : ok=3   changed=3    unreachable=0    failed=0
"""


def test_tasks_and_handlers_that_changed_something_are_named_once():
    assert playbook.changed(PLAYED) == [
        "Put the written rules in force",
        "Create the folders of the units' settings",
        "Reload nginx",
    ]
