"""The server's wheels, by the pip of this machine: from a folder of made-up ones, and from the index as it is."""

import hashlib
import zipfile

import pytest

from deploy.config import ROOT
from deploy.errors import SlipwayError
from deploy.host import wheels


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels in place of the index; ``.lock`` pins what ``add`` has put there."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    class Index:
        path = folder
        lock = tmp_path / "web.txt"

        def add(self, *tags, name="boat", version="1.0"):
            hashes = [self.wheel(name, version, tag) for tag in tags]
            with self.lock.open("a") as file:
                file.write(f"{name}=={version} " + " ".join(f"--hash=sha256:{each}" for each in hashes) + "\n")

        def wheel(self, name, version, tag):
            path = folder / f"{name}-{version}-{tag}.whl"
            about = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
                archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
                archive.writestr(f"{about}/RECORD", "")
            return hashlib.sha256(path.read_bytes()).hexdigest()

        def fetch(self, python="3.13", glibc="2.36", machine="x86_64"):
            return [path.name for path in wheels.fetch(self.lock, python, glibc, machine, tmp_path / "cache")]

    return Index()


def test_the_wheel_is_the_server_s_and_not_this_machine_s(index):
    index.add(
        "cp313-cp313-manylinux_2_28_aarch64",
        "cp313-cp313-manylinux_2_28_x86_64",
        "cp313-cp313-manylinux_2_39_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp313-cp313-win_amd64",
    )
    index.add("py3-none-any", name="oar")
    assert index.fetch() == ["boat-1.0-cp313-cp313-manylinux_2_28_x86_64.whl", "oar-1.0-py3-none-any.whl"]
    assert index.fetch(glibc="2.41")[0] == "boat-1.0-cp313-cp313-manylinux_2_39_x86_64.whl"
    assert index.fetch(machine="aarch64", glibc="2.31")[0] == "boat-1.0-cp313-cp313-manylinux_2_28_aarch64.whl"


@pytest.mark.parametrize(
    "tag", ["manylinux2014_x86_64", "manylinux1_x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64"]
)
def test_older_names_and_the_stable_abi_will_do(tag, index):
    index.add(f"cp37-abi3-{tag}")
    assert index.fetch() == [f"boat-1.0-cp37-abi3-{tag}.whl"]


def test_a_second_deploy_downloads_nothing(index):
    index.add("py3-none-any")
    first = index.fetch()
    for path in index.path.iterdir():
        path.unlink()
    assert index.fetch() == first


def test_what_has_no_wheel_is_one_line_and_leaves_nothing(index, tmp_path):
    index.add("py3-none-any", name="oar")
    index.add("cp313-cp313-win_amd64")
    with pytest.raises(SlipwayError) as refused:
        index.fetch()
    message = str(refused.value)
    assert "no wheel of boat==1.0" in message and "(Python 3.13, x86_64, glibc 2.36)" in message
    assert "\n" not in message
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_that_was_not_locked_is_refused(index):
    index.add("py3-none-any")
    with zipfile.ZipFile(index.path / "boat-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("boat.py", "import os")
    with pytest.raises(SlipwayError, match=r"boat.* is not the one that was locked"):
        index.fetch()


def test_a_package_without_a_hash_is_refused(index):
    index.add("py3-none-any")
    index.lock.write_text("boat==1.0\n")
    with pytest.raises(SlipwayError, match=r"not every line is pinned.*`make lock`"):
        index.fetch()


@pytest.mark.parametrize(("machine", "glibc"), [("armv7l", "2.36"), ("x86_64", "1.2.5"), ("x86_64", "")])
def test_a_machine_that_wheels_are_not_made_for_is_refused(machine, glibc, index):
    with pytest.raises(SlipwayError, match="the server"):
        index.fetch(machine=machine, glibc=glibc)


def test_an_index_that_cannot_be_reached_is_named_as_that(index, monkeypatch):
    index.lock.write_text("boat==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SlipwayError, match="cannot be reached"):
        index.fetch()


@pytest.mark.parametrize(("python", "glibc"), [("3.11", "2.36"), ("3.13", "2.41")])
def test_the_locks_that_slipway_ships_have_their_wheels(python, glibc, tmp_path):
    lock = ROOT / "requirements" / f"web-{python}.txt"
    found = wheels.fetch(lock, python, glibc, "x86_64", tmp_path)
    pinned = [line for line in lock.read_text().splitlines() if "==" in line]
    assert len(found) == len(pinned) > 10
    for path in found:
        assert path.name.endswith(("none-any.whl", "x86_64.whl"))
        assert f"cp{python.replace('.', '')}" in path.name or "-py" in path.name or "-abi3-" in path.name
