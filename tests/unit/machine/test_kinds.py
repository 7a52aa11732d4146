import pytest

from rehearsal.machine import kinds
from slipway.web.errors import SlipwayError


@pytest.mark.parametrize(
    ("kind", "release", "said"),
    [
        ("docker", "trixie", "MACHINE=docker: no such machine; choose one of qemu, container"),
        ("container", "sid", "OS=sid: no such image; choose one of bookworm, trixie"),
    ],
)
def test_what_does_not_exist_is_rejected_with_what_does(kind, release, said):
    with pytest.raises(SlipwayError) as rejected:
        kinds.machine(kind, release)
    assert str(rejected.value) == said


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_machine_knows_its_kind_and_has_a_folder_of_its_own(kind):
    made = kinds.machine(kind, "bookworm")
    assert made.kind == kind and made.directory.name == f"{kind}-bookworm"
