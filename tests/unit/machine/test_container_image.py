"""The container machine's disk: the emulated one's packages less the kernel, made once for each recipe."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rehearsal.machine import image as emulated
from rehearsal.machine.container import boot, image
from slipway.web.errors import SlipwayError


def test_it_has_every_package_but_the_kernel(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(image, "_build", lambda system, directory: asked.append(system))
    monkeypatch.setattr(emulated, "STATE", tmp_path)
    image.ensure("trixie")
    named = next(part for part in asked[0] if part.startswith("--include=")).removeprefix("--include=").split(",")
    assert set(emulated.PACKAGES) - set(named) == {"linux-image-cloud-amd64", "initramfs-tools"}
    assert set(named) < set(emulated.PACKAGES)


def test_an_unknown_release_is_rejected():
    with pytest.raises(SlipwayError, match="OS=sid: no such image; choose one of bookworm, trixie"):
        image.ensure("sid")


@pytest.fixture
def maker(tmp_path, monkeypatch):
    """Makes an image by two commands that stand for the real ones; returns its folder."""
    monkeypatch.setattr(emulated, "STATE", tmp_path)

    def make(system, disk="cp root/text disk.raw"):
        monkeypatch.setattr(emulated, "bootstrap", lambda *arguments: ["sh", "-c", system])
        monkeypatch.setattr(image, "DISK", ["sh", "-c", disk])
        return image.ensure("trixie").parent

    return make


SYSTEM = "mkdir root && echo root file system > root/text"


def test_a_recipe_is_followed_once(maker):
    first = maker(SYSTEM)
    assert [path.name for path in first.iterdir()] == ["disk.raw"]
    assert (first / "disk.raw").read_text() == "root file system\n"
    (first / "disk.raw").write_text("kept")
    assert (maker(SYSTEM) / "disk.raw").read_text() == "kept"
    assert maker(f"{SYSTEM}; true") != first


@pytest.mark.parametrize(
    ("system", "disk", "said"),
    [
        ("echo 'E: no mirror' >&2; echo more; exit 1", "true", "E: no mirror"),
        (SYSTEM, "echo 'No space left' >&2; exit 1", "No space left"),
    ],
    ids=["system", "disk"],
)
def test_a_failure_names_its_reason_and_leaves_no_image(system, disk, said, maker, tmp_path):
    with pytest.raises(SlipwayError, match=rf"cannot be made: {said} \(all of it: .*\.log\)"):
        maker(system, disk)
    assert {path.suffix for path in (tmp_path / "images").iterdir()} == {".lock", ".log"}


def test_what_a_killed_run_left_is_taken_away(maker):
    made = maker(SYSTEM)
    left = made.rename(made.with_suffix(".partial")) / "root"
    left.mkdir()  # where the system would be made
    assert [path.name for path in maker(SYSTEM).iterdir()] == ["disk.raw"]
    assert not left.exists()


def test_two_at_once_make_it_once(maker, tmp_path):
    system = f"echo made >> {tmp_path}/made; sleep 0.2; {SYSTEM}"
    with ThreadPoolExecutor() as pool:
        assert len(set(pool.map(maker, [system, system]))) == 1
    assert (tmp_path / "made").read_text() == "made\n"


def test_the_keys_that_are_the_outer_kernels_are_the_playbooks_own():
    keys = boot._kernel_keys()
    assert "kernel.kptr_restrict" in keys and "net.core.bpf_jit_harden" in keys
    assert not [key for key in keys if key.startswith("net.ipv")]
