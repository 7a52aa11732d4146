import pytest

from rehearsal.machine import image
from slipway.web.errors import SlipwayError


def test_an_unknown_release_is_rejected_with_those_that_exist():
    with pytest.raises(SlipwayError, match="OS=sid: no such image; choose one of bookworm, trixie"):
        image.ensure("sid")


@pytest.fixture
def maker(tmp_path, monkeypatch):
    """An empty cache, and commands that stand for the two that make an image."""
    monkeypatch.setattr(image, "STATE", tmp_path)
    monkeypatch.setattr(image.needs, "require", lambda packages: None)

    def make(system, disk):
        monkeypatch.setattr(image, "_recipe", lambda release: (["sh", "-c", system], ["sh", "-c", disk]))
        return image.ensure("trixie")

    return make


DISK = "cd $(mktemp -d) && cat > disk.qcow2 && echo k > kernel && echo i > initrd && tar -c kernel initrd disk.qcow2"


def test_a_recipe_is_followed_once(maker):
    first = maker("echo root file system", DISK)
    assert first.disk.read_text() == "root file system\n"
    first.disk.write_text("kept")
    assert maker("echo root file system", DISK).disk.read_text() == "kept"


def test_another_recipe_makes_another_image(maker):
    assert maker("echo one", DISK).disk.parent != maker("echo two", DISK).disk.parent


@pytest.mark.parametrize(
    ("system", "disk"),
    [("echo 'E: no mirror' >&2; exit 1", DISK), ("echo x", "echo 'E: no mirror' >&2; exit 1")],
    ids=["system", "disk"],
)
def test_a_failure_names_its_reason_and_leaves_no_image(system, disk, maker, tmp_path):
    with pytest.raises(SlipwayError, match=r"cannot be made: E: no mirror \(all of it: .*build.log\)"):
        maker(system, disk)
    assert [path.suffix for path in (tmp_path / "images").iterdir()] == [".partial"]
