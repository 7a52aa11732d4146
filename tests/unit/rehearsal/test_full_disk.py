"""The result of a full disk; the space is freed however the block ends."""

import pytest
import yaml

from rehearsal.steps.full_disk import FILE, FORCE, MAKE_ROOM, PROCESSES, WAL_FILES, FullDisk
from slipway import ROOT
from slipway.web.errors import SlipwayError


class Host:
    """Answers each script; ``processes`` are PostgreSQL's, one line for each time that it is asked."""

    def __init__(self, *processes, room="back\n"):
        self.processes, self.room, self.ran = list(processes), room, []

    def run(self, command):
        self.ran.append(command)
        if command == PROCESSES:
            return self.processes.pop(0)
        return {FORCE: "24\n", MAKE_ROOM: self.room}.get(command, "0\n")


@pytest.mark.parametrize(("after", "same"), [("7\n9\n", True), ("7\n12\n", False), ("7\n", False)])
def test_a_postgresql_that_recovered_from_a_crash_is_not_the_same(after, same):
    host = Host("7\n9\n", after)
    with FullDisk(host, "www-data") as full:
        full.force()
    result = full.result
    assert (result.left, result.written, result.same, result.reserve) == (0, 24, same, True)
    assert any("runuser -u www-data" in script and FILE in script for script in host.ran)


def test_there_is_room_again_when_the_block_fails():
    host = Host("7\n9\n", room="")
    with pytest.raises(SlipwayError), FullDisk(host, "root") as full:
        raise SlipwayError("the load ended")
    assert host.ran[-1] == MAKE_ROOM and not full.result.reserve


def test_there_are_more_wal_files_than_are_written_at_once_and_half_of_them_are_spare():
    """PostgreSQL needs none but those, also where the archive takes nothing meanwhile."""
    defaults = yaml.safe_load((ROOT / "ansible/roles/postgresql/defaults/main.yml").read_text())
    assert defaults["postgresql_wal_files"] >= WAL_FILES * 1.5
