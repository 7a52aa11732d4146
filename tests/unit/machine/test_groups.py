"""A container machine's control groups, of either version, in a folder in place of the kernel's."""

import os

import pytest

from rehearsal.machine import needs
from rehearsal.machine.container import groups
from slipway.web.errors import SlipwayError

V1 = ("memory", "cpuset", "pids", "systemd")
GONE = 4_194_304  # above every process id


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(groups, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def unified(kernel):
    (kernel / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    return kernel


@pytest.fixture
def each(kernel):
    for name in V1:
        (kernel / name).mkdir()
        (kernel / name / "cgroup.procs").write_text("")
    (kernel / "cpuset" / "cpuset.mems").write_text("0\n")
    return kernel


def test_the_unified_group_is_limited_as_a_512_mb_machine_and_gives_its_controllers_on(unified):
    groups.Group("abc", 7).make()
    folder = unified / "slipway-abc-7"
    assert (folder / "memory.max").read_text() == str(469 << 20)
    assert (folder / "memory.swap.max").read_text() == "0"
    assert int((folder / "cpuset.cpus").read_text()) in os.sched_getaffinity(0)
    assert (folder / "cgroup.subtree_control").read_text() == "+memory +cpuset +pids"
    assert (unified / "cgroup.subtree_control").read_text() == "+memory +cpuset +pids"


def test_under_version_1_each_hierarchy_has_a_group_and_memory_its_limit(each):
    group = groups.Group("abc", 7)
    group.make()
    assert {folder.parent.name for folder in group.folders} == set(V1)
    assert (each / "memory" / "slipway-abc-7" / "memory.limit_in_bytes").read_text() == str(469 << 20)
    assert (each / "cpuset" / "slipway-abc-7" / "cpuset.mems").read_text() == "0\n"


def test_a_limit_that_the_kernel_rejects_is_one_line(unified, monkeypatch):
    (unified / "cgroup.subtree_control").mkdir()  # it cannot be written
    with pytest.raises(SlipwayError, match=r"^the container machine cannot be limited: ") as said:
        groups.Group("abc", 7).make()
    assert "\n" not in str(said.value)


@pytest.mark.parametrize("version", ["unified", "each"])
def test_only_what_lost_its_owner_is_swept(version, request):
    root = request.getfixturevalue(version)
    place = root if version == "unified" else root / "memory"
    for name in (f"slipway-abc-{GONE}", f"slipway-abc-{os.getpid()}", "slipway-site", "docker"):
        (place / name / "boot1").mkdir(parents=True)
    groups.sweep()
    left = {path.name for path in place.iterdir() if path.is_dir()}
    assert left == {f"slipway-abc-{os.getpid()}", "slipway-site", "docker"}


def test_a_machine_runs_while_a_process_is_in_its_group(each):
    folder = each / "memory" / "slipway-abc-7"
    (folder / "boot1").mkdir(parents=True)
    assert groups.of("abc") is None
    (folder / "boot1" / "cgroup.procs").write_text("123\n")
    assert groups.of("abc").processes() == {123}
    assert groups.of("abd") is None


@pytest.fixture
def able(monkeypatch):
    """A computer with everything but what a test removes."""
    monkeypatch.setattr(needs.os, "geteuid", lambda: 0)
    monkeypatch.setattr(needs, "CONTAINER", {"sh": "dash"})
    monkeypatch.setattr(needs, "DEVICES", ("/dev/null",))
    monkeypatch.setattr(groups, "missing", list)
    needs.require_container()


def rejected():
    with pytest.raises(SlipwayError) as said:
        needs.require_container()
    assert "\n" not in str(said.value)
    return str(said.value)


def test_who_is_not_root_is_told_so(able, monkeypatch):
    monkeypatch.setattr(needs.os, "geteuid", lambda: 1000)
    assert rejected() == "a container machine needs root; run it as root, or leave MACHINE=container out"


def test_a_program_that_is_missing_is_named_with_its_package(able, monkeypatch):
    monkeypatch.setattr(needs, "CONTAINER", {"no-such-nspawn": "systemd-container"})
    assert rejected() == "a container machine needs no-such-nspawn; as root: apt-get install systemd-container"


def test_controllers_that_are_missing_are_named(able, unified, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(groups, "ROOT", unified)
    (unified / "cgroup.controllers").write_text("cpu pids\n")
    assert groups.missing() == ["memory", "cpuset"]
    monkeypatch.setattr(needs.os, "geteuid", lambda: 0)
    monkeypatch.setattr(needs, "CONTAINER", {})
    assert rejected() == (
        "a container machine needs the cgroup controllers memory, cpuset, which this kernel does not have"
    )


def test_controllers_of_version_1_are_looked_for_by_their_hierarchies(each):
    assert groups.missing() == []
    (each / "memory" / "cgroup.procs").unlink()
    assert groups.missing() == ["memory"]


def test_a_device_that_is_missing_is_named(able, monkeypatch):
    monkeypatch.setattr(needs, "DEVICES", ("/dev/null", "/dev/no-such-tun"))
    assert rejected() == "a container machine needs /dev/no-such-tun, which this computer does not have"


def test_a_group_that_goes_while_they_are_counted_is_passed_over(unified, monkeypatch):
    group = groups.Group("abc", 7)
    group.make()
    for name in ("init", "session"):
        (group.folders[0] / name).mkdir()
    (group.folders[0] / "init" / "cgroup.procs").write_text("7\n")
    scandir = os.scandir

    def look(path):
        if str(path).endswith("session"):
            raise FileNotFoundError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", look)
    assert group.processes() == {7}
