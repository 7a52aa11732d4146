"""A fault is reported by an exit status and a line, and by nothing less."""

import pytest

from rehearsal.steps.faults import FAULTS


@pytest.mark.parametrize(
    ("status", "output", "reported"),
    [
        (1, "site\nWRONG        a reboot is due, for libc6: `sudo reboot`\n", True),
        (0, "site\nWRONG        a reboot is due: `sudo reboot`\n", False),
        (1, "site\nWRONG        nginx.service is not running\n", False),
        (1, "a reboot is due\n", False),
    ],
)
def test_it_is_reported_by_a_status_and_a_line_of_what_is_wrong(status, output, reported):
    assert FAULTS["a reboot that is due"].is_reported(status, output) is reported
