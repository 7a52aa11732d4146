"""What changed is read from the log of a play."""

from rehearsal import drifts

LOG = """
TASK [base : Write the firewall's rules] ***************************************
ok: [slipway-test]

TASK [base : Put the written rules in force] ***********************************
changed: [slipway-test]

TASK [nginx : Create the folders of the units' settings] ***********************
ok: [slipway-test] => (item=nginx.service)
changed: [slipway-test] => (item=logrotate.timer)

RUNNING HANDLER [nginx : Reload nginx] *****************************************
changed: [slipway-test]

PLAY RECAP *********************************************************************
slipway-test               : ok=3   changed=3    unreachable=0    failed=0
"""


def test_tasks_and_handlers_that_changed_something_are_named():
    assert drifts.changed(LOG) == {
        "Put the written rules in force",
        "Create the folders of the units' settings",
        "Reload nginx",
    }
