"""The server's packages, with this machine's pip: from a folder of made-up wheels, and from the index."""

import hashlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest

from slipway.tool.config import ROOT
from slipway.tool.requirements import pip
from slipway.tool.server import agent, packages
from slipway.web.errors import SlipwayError

# A build backend that needs nothing: it writes the wheel itself.
BACKEND = """
import zipfile

def build_wheel(target, config_settings=None, metadata_directory=None):
    {first}
    name = "boat-1.0-{tag}.whl"
    with zipfile.ZipFile(f"{{target}}/{{name}}", "w") as archive:
        about = "boat-1.0.dist-info/"
        archive.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: boat\\nVersion: 1.0\\n")
        archive.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: {pure}\\nTag: {tag}\\n")
        archive.writestr(about + "RECORD", "")
        archive.writestr("boat.py", "TAG = 'sources'")
    return name
"""
# With it, a build fails later than the reading of its metadata.
METADATA = """
def prepare_metadata_for_build_wheel(target, config_settings=None):
    import os
    os.mkdir(f"{target}/boat-1.0.dist-info")
    with open(f"{target}/boat-1.0.dist-info/METADATA", "w") as file:
        file.write("Metadata-Version: 2.1\\nName: boat\\nVersion: 1.0\\n")
    return "boat-1.0.dist-info"
"""


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
    # What sources are built with: of a backend of their own nothing.
    backends = tmp_path / "backends.txt"
    backends.touch()
    monkeypatch.setattr(pip, "BACKENDS", backends)

    class Index:
        path = folder
        lock = tmp_path / "web.txt"

        def add(self, *tags, name="boat", version="1.0"):
            """Each of these wheels holds a module that says for what it was made, and a script."""
            hashes = [self.wheel(name, version, tag) for tag in tags]
            with self.lock.open("a") as file:
                file.write(f"{name}=={version} " + " ".join(f"--hash=sha256:{each}" for each in hashes) + "\n")

        def wheel(self, name, version, tag):
            path = folder / f"{name}-{version}-{tag}.whl"
            about = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
                archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
                archive.writestr(f"{about}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
                archive.writestr(f"{name}.py", f"TAG = {tag!r}\n")
                archive.writestr(f"{about}/RECORD", "")
            return hashlib.sha256(path.read_bytes()).hexdigest()

        def add_sources(self, tag="py3-none-any", pure="true", first="", more="", requires="[]", named=True):
            """An sdist whose wheel has that tag; it runs ``first`` when it is built, and its backend has ``more``."""
            project = f'[build-system]\nrequires = {requires}\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            self.add_sdist(
                {"pyproject.toml": project, "backend.py": BACKEND.format(tag=tag, pure=pure, first=first) + more}
            )
            if named:
                self.lock.write_text(f"--no-binary boat\n\n{self.lock.read_text()}")

        def add_sdist(self, files):
            about = "Metadata-Version: 2.1\nName: boat\nVersion: 1.0\n"
            path = folder / "boat-1.0.tar.gz"
            with tarfile.open(path, "w:gz") as archive:
                for name, text in {"PKG-INFO": about, **files}.items():
                    member = tarfile.TarInfo(f"boat-1.0/{name}")
                    member.size = len(text.encode())
                    archive.addfile(member, io.BytesIO(text.encode()))
            with self.lock.open("a") as file:
                file.write(f"boat==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n")

        def pack(self, python="3.13", glibc="2.36", machine="x86_64", venv="1a2b"):
            return packages.pack(self.lock, python, glibc, machine, f"{venv}-{python}", tmp_path / "cache")

        def chosen(self, **server):
            """Package → the tag of the wheel that its module is from."""
            members = contents(self.pack(**server))
            return {
                name.rpartition("/")[2].removesuffix(".py"): body.decode().split("'")[1]
                for name, body in members.items()
                if name.endswith(".py")
            }

    return Index()


def contents(packed):
    with tarfile.open(packed) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def test_the_wheel_is_the_server_s_and_not_this_machine_s(index):
    index.add(
        "cp313-cp313-manylinux_2_28_aarch64",
        "cp313-cp313-manylinux_2_28_x86_64",
        "cp313-cp313-manylinux_2_39_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp313-cp313-win_amd64",
    )
    index.add("py3-none-any", name="oar")
    assert index.chosen() == {"boat": "cp313-cp313-manylinux_2_28_x86_64", "oar": "py3-none-any"}
    assert index.chosen(glibc="2.41")["boat"] == "cp313-cp313-manylinux_2_39_x86_64"
    assert index.chosen(machine="aarch64", glibc="2.31")["boat"] == "cp313-cp313-manylinux_2_28_aarch64"


def test_all_lies_where_the_server_s_venv_has_it(index):
    index.add("py3-none-any")
    members = contents(index.pack(python="3.13"))
    assert "lib/python3.13/site-packages/boat.py" in members
    assert "lib/python3.13/site-packages/boat-1.0.dist-info/METADATA" in members
    assert members["bin/boat"].startswith(b"#!/srv/slipway/venvs/1a2b-3.13/bin/python\n")
    assert sys.prefix.encode() not in b"".join(members.values())


def test_scripts_are_made_for_the_folder_that_the_agent_has_its_venvs_in(tmp_path):
    with zipfile.ZipFile(agent.pack(tmp_path / "slipway")) as archive:
        assert json.loads(archive.read("agent/layout.json"))["venvs"] == "/srv/slipway/venvs"


def test_the_site_s_user_can_read_all_of_it_whatever_the_umask_is_here(index):
    index.add("py3-none-any")
    before = os.umask(0o077)
    try:
        packed = index.pack()
    finally:
        os.umask(before)
    with tarfile.open(packed) as archive:
        modes = {member.name: member.mode for member in archive}
    assert modes["lib"] == modes["bin/boat"] == 0o755
    assert modes["lib/python3.13/site-packages/boat.py"] == 0o644


def test_bytecode_goes_along_where_this_machine_has_that_python(index, monkeypatch):
    index.add("py3-none-any")
    own, name = f"{sys.version_info.major}.{sys.version_info.minor}", f"boat.{sys.implementation.cache_tag}.pyc"
    compiled = contents(index.pack(python=own))[f"lib/python{own}/site-packages/__pycache__/{name}"]
    assert compiled.startswith(importlib.util.MAGIC_NUMBER)
    monkeypatch.setenv("PATH", "/nowhere")
    assert not [name for name in contents(index.pack(python="3.99")) if name.endswith(".pyc")]


@pytest.mark.parametrize(
    "tag", ["manylinux2014_x86_64", "manylinux1_x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64"]
)
def test_older_names_and_the_stable_abi_will_do(tag, index):
    index.add(f"cp37-abi3-{tag}")
    assert index.chosen() == {"boat": f"cp37-abi3-{tag}"}


def test_a_second_deploy_downloads_nothing(index):
    index.add("py3-none-any")
    first = index.pack()
    for path in index.path.iterdir():
        path.unlink()
    assert index.pack() == first


def test_packages_of_another_lock_file_go_and_another_server_s_stay(index):
    index.add("py3-none-any")
    older, other, newer = index.pack(venv="old"), index.pack(venv="new", glibc="2.41"), index.pack(venv="new")
    assert [each.exists() for each in (older, other, newer)] == [False, True, True]


def test_what_has_no_wheel_is_one_line_and_leaves_nothing(index, tmp_path):
    index.add("py3-none-any", name="oar")
    index.add("cp313-cp313-win_amd64")
    with pytest.raises(SlipwayError) as rejected:
        index.pack()
    message = str(rejected.value)
    assert "no wheel of boat==1.0" in message and "(Python 3.13, x86_64, glibc 2.36)" in message
    assert "\n" not in message
    assert list((tmp_path / "cache").iterdir()) == []


def test_sources_will_do_where_they_are_named_and_nothing_of_them_is_compiled(index):
    index.add_sources()
    index.add("py3-none-any", name="oar")
    assert index.chosen() == {"boat": "sources", "oar": "py3-none-any"}


HOSTILE = """
import json, os
with open({stolen!r}, "a") as file:
    file.write(json.dumps(dict(os.environ)))
"""
# Of a shell that deploys; the last three are what pip needs.
SHELL = {
    "AWS_SECRET_ACCESS_KEY": "canary",
    "AWS_SESSION_TOKEN": "canary",
    "ANSIBLE_VAULT_PASSWORD_FILE": "/canary",
    "DJANGO_SECRET_KEY": "canary",
    "SLIPWAY_BUILD": "/canary",
    "SECRET_KEY": "canary",
    "SMOKE_LOGIN": "user:canary",
    "SSH_AUTH_SOCK": "/canary",
    "PIP_RETRIES": "1",
    "no_proxy": "*",
    "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
}


def test_sources_that_nobody_named_are_not_run(index, tmp_path):
    index.add_sources(
        first=HOSTILE.format(stolen=str(tmp_path / "stolen")).strip().replace("\n", "\n    "), named=False
    )
    with pytest.raises(SlipwayError, match=r"no wheel of boat==1.0; .* `--no-binary boat` there") as rejected:
        index.pack()
    assert "\n" not in str(rejected.value)
    assert not (tmp_path / "stolen").exists()


def test_sources_are_built_without_this_shell_s_secrets(index, tmp_path, monkeypatch):
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)
    first = HOSTILE.format(stolen=str(tmp_path / "stolen")).strip().replace("\n", "\n    ")
    index.add_sources(first=first)
    assert index.chosen() == {"boat": "sources"}
    stolen = (tmp_path / "stolen").read_text()
    assert "canary" not in stolen
    assert {"PIP_RETRIES", "no_proxy", "SSL_CERT_FILE"} <= json.loads(stolen).keys()


@pytest.mark.parametrize("how", ["pyproject", "setup.py"])
def test_a_package_is_built_with_nothing_that_is_not_locked(how, index, tmp_path):
    index.wheel("evil", "1.0", "py3-none-any")
    if how == "pyproject":
        index.add_sources(requires='["evil"]', first="import evil")
    else:
        index.add_sources(
            more="\ndef get_requires_for_build_wheel(config_settings=None):\n    return ['evil']\n", first="import evil"
        )
    with pytest.raises(
        SlipwayError, match=r"no wheel of boat.*, and its sources need evil .* requirements/backends.in"
    ) as rejected:
        index.pack()
    assert "\n" not in str(rejected.value)


def test_the_backends_that_slipway_ships_build_what_setuptools_builds(index, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.path))
    index.add_sdist(
        {
            "setup.py": "import setuptools\nsetuptools.setup(name='boat', version='1.0', py_modules=['boat'])\n",
            "boat.py": "TAG = 'sources'\n",
        }
    )
    index.lock.write_text(f"--no-binary boat\n{index.lock.read_text()}")
    assert index.chosen() == {"boat": "sources"}


ADDRESSES = [
    "boat @ {url}",
    "boat[oar]@{url}",
    "boat@ {url}",
    "boat @ {url}#.whl",
    "boat @ {url}?.whl",
    "{path}",
    "{url}",
]


@pytest.mark.parametrize("line", ADDRESSES)
@pytest.mark.parametrize("before", ["", "# \\\n"])
def test_sources_by_their_address_are_run_by_no_other_rule(line, before, index, tmp_path):
    index.add_sources(
        first=HOSTILE.format(stolen=str(tmp_path / "stolen")).strip().replace("\n", "\n    "), named=False
    )
    path = index.path / "boat-1.0.tar.gz"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    index.lock.write_text(f"{before}{line.format(path=path, url=path.as_uri())} --hash=sha256:{digest}\n")
    with pytest.raises(SlipwayError, match=r"no wheel") as rejected:
        index.pack()
    assert "\n" not in str(rejected.value)
    assert not (tmp_path / "stolen").exists()


def test_sources_by_their_address_are_built_where_they_are_named_and_a_wheel_is_taken(index):
    index.add_sources(named=False)
    index.wheel("oar", "1.0", "py3-none-any")
    lines = ["--no-binary boat"]
    for name, path in (("boat", "boat-1.0.tar.gz"), ("oar", "oar-1.0-py3-none-any.whl")):
        digest = hashlib.sha256((index.path / path).read_bytes()).hexdigest()
        lines.append(f"{name} @ {(index.path / path).as_uri()} \\\n    --hash=sha256:{digest}")
    index.lock.write_text("\n".join(lines) + "\n")
    assert index.chosen() == {"boat": "sources", "oar": "py3-none-any"}


@pytest.mark.parametrize(
    "option",
    ["--only-binary :none:", "--no-bin boat", " --no-binary boat", "-r further.txt", "-e .", "--no-binary \\\nboat"],
)
def test_no_option_of_a_lock_file_has_sources_built_unseen(option, index, tmp_path):
    index.add_sources(
        first=HOSTILE.format(stolen=str(tmp_path / "stolen")).strip().replace("\n", "\n    "), named=False
    )
    (tmp_path / "further.txt").write_text("--no-binary boat\n")
    index.lock.write_text(f"{option}\n{index.lock.read_text()}")
    with pytest.raises(
        SlipwayError, match="no pinned version, no wheel's address and no option of a lock file"
    ) as rejected:
        index.pack()
    assert "\n" not in str(rejected.value)
    assert not (tmp_path / "stolen").exists()


def test_everything_cannot_be_named_at_once(index):
    index.add("py3-none-any")
    index.lock.write_text(f"--no-binary :all:\n{index.lock.read_text()}")
    with pytest.raises(SlipwayError, match="--no-binary :all:: name each package"):
        index.pack()


def test_this_machine_s_own_packages_come_by_the_same_rule(index):
    index.add_sources(named=False)
    command = [sys.executable, "-m", "slipway.tool.requirements.install", index.lock]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"slipway: {index.lock}: no wheel of boat==1.0; ") and done.stderr.count("\n") == 1


def test_nothing_installs_packages_past_that_rule():
    makefile = (ROOT / "Makefile").read_text()
    # uv itself comes by pip, from its own lock file.
    assert re.findall(r"-m pip (.*)", makefile) == [
        "--quiet --disable-pip-version-check install --require-hashes --only-binary :all: -r $<"
    ]
    assert "requirements.install $(2)" in makefile and "uv pip" not in makefile
    for lock in [ROOT / "requirements.txt", *(ROOT / "requirements").glob("*.txt")]:
        assert "\n--only-binary :all:\n" in lock.read_text(), lock.name


@pytest.mark.parametrize(
    ("sources", "wrong"),
    [
        ({"tag": f"py3-none-{sysconfig.get_platform().replace('-', '_')}", "pure": "false"}, "are compiled"),
        ({"first": "raise SystemExit('no compiler')"}, "cannot be built here"),
        ({"first": "assert not metadata_directory", "more": METADATA}, "cannot be built here"),
    ],
)
def test_sources_that_would_run_on_this_machine_alone_are_rejected(index, tmp_path, sources, wrong):
    index.add_sources(**sources)
    with pytest.raises(SlipwayError, match=rf"no wheel of boat.*, and its sources {wrong}; pin a version") as rejected:
        index.pack()
    assert "\n" not in str(rejected.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_that_was_not_locked_is_rejected(index):
    index.add("py3-none-any")
    with zipfile.ZipFile(index.path / "boat-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("stowaway.py", "import os")
    with pytest.raises(SlipwayError, match=r"boat.* is not the one that was locked"):
        index.pack()


def test_a_package_without_a_hash_is_rejected(index):
    index.add("py3-none-any")
    index.lock.write_text("boat==1.0\n")
    with pytest.raises(SlipwayError, match=r"not every line is pinned.*`make lock`"):
        index.pack()


@pytest.mark.parametrize(("machine", "glibc"), [("armv7l", "2.36"), ("x86_64", "1.2.5"), ("x86_64", "")])
def test_a_machine_that_wheels_are_not_made_for_is_rejected(machine, glibc, index):
    with pytest.raises(SlipwayError, match="the server"):
        index.pack(machine=machine, glibc=glibc)


def test_an_index_that_cannot_be_reached_is_named_as_that(index, monkeypatch):
    index.lock.write_text("boat==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SlipwayError, match="cannot be reached"):
        index.pack()


@pytest.mark.parametrize(("python", "glibc"), [("3.11", "2.36"), ("3.13", "2.41")])
def test_the_locks_that_slipway_ships_have_their_wheels(python, glibc, tmp_path):
    lock = ROOT / "requirements" / f"web-{python}.txt"
    members = contents(packages.pack(lock, python, glibc, "x86_64", f"1a2b-{python}", tmp_path))
    pinned = [line for line in lock.read_text().splitlines() if "==" in line]
    assert len([name for name in members if name.endswith(".dist-info/METADATA")]) == len(pinned) > 10
    assert members["bin/gunicorn"].startswith(b"#!/srv/slipway/")
    native = [name for name in members if ".so" in name and "cpython" in name]
    assert native and all(f"cpython-{python.replace('.', '')}-x86_64-linux-gnu" in name for name in native)
