import pytest

from rehearsal.machine import needs
from slipway.web.errors import SlipwayError


def test_what_is_missing_is_said_in_one_line_with_its_packages():
    wanted = {"no-such-emulator": "qemu-system-x86", "sh": "dash", "no-such-maker": "mmdebstrap"}
    with pytest.raises(SlipwayError) as said:
        needs.require(wanted)
    assert str(said.value) == (
        "the machine needs no-such-emulator, no-such-maker; as root: apt-get install mmdebstrap qemu-system-x86"
    )


def test_nothing_is_said_when_all_is_there():
    needs.require({"sh": "dash"})
