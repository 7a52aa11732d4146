"""`make lock` by uv itself: from an index of made-up wheels, and a few pins from the index as it is."""

import hashlib
import html
import os
import zipfile
from pathlib import Path

import pytest

from slipway.tool.requirements import files, lock, uv
from slipway.web.errors import SlipwayError


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A checkout's requirements, all empty; ``write`` fills some. Returns its root."""
    (tmp_path / "project").mkdir()
    (tmp_path / "requirements").mkdir()
    for name in ("requirements.in", "requirements/web.in", "requirements/demo.in", "requirements/test.in"):
        (tmp_path / name).write_text("" if name.endswith("web.in") else f"-r {tmp_path}/requirements/web.in\n")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(files, "SHIPPED", tmp_path / "requirements")
    monkeypatch.setattr(files, "SITE", tmp_path / "project" / "requirements.in")
    monkeypatch.setattr(files, "SITE_TESTS", tmp_path / "project" / "requirements-dev.in")
    monkeypatch.setattr(files, "SITE_LOCKS", tmp_path / "project" / "lock")
    sets = {name: tmp_path / "requirements" / f"{name}.in" for name in ("demo", "test")}
    monkeypatch.setattr(files, "SETS", {"deploy": tmp_path / "requirements.in", **sets})
    return tmp_path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Adds a wheel to an index of its own: a page for each package, as PEP 503 has it."""
    root = tmp_path / "index"
    root.mkdir()
    for name in [each for each in os.environ if each.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_DEFAULT_INDEX", root.as_uri())
    monkeypatch.setenv("UV_NO_CACHE", "1")

    def add(name, version, *needs, python=">=3.8"):
        about = f"{name}-{version}.dist-info"
        folder = root / name
        folder.mkdir(exist_ok=True)
        wheel = folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
            archive.writestr(f"{about}/METADATA", metadata + "".join(f"Requires-Dist: {each}\n" for each in needs))
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{about}/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        with (folder / "index.html").open("a") as page:
            link = f'href="{wheel.name}#sha256={digest}" data-requires-python="{html.escape(python)}"'
            page.write(f"<a {link}>{wheel.name}</a>\n")

    return add


def locks(room: Path) -> dict[str, str]:
    """Name of each lock file → the packages that it pins."""
    return {
        path.stem: " ".join(line.split(" ")[0] for line in path.read_text().splitlines() if "==" in line)
        for path in sorted((room / "project" / "lock").glob("*.txt"))
    }


def test_the_site_s_packages_are_locked_with_ours_for_each_python_and_purpose(room, index):
    for name in ("boat", "oar", "mast", "probe"):
        index(name, "1.0")
        index(name, "2.0")
    (room / "requirements" / "web.in").write_text("boat>=1\n")
    (room / "requirements" / "demo.in").write_text("-r web.in\nmast<2\n")
    (room / "project" / "requirements.in").write_text("oar==1.0\n")
    (room / "project" / "requirements-dev.in").write_text("probe\n")
    assert lock.lock([], shipped=False) == []
    assert locks(room) == {
        "demo": "boat==2.0 mast==1.0 oar==1.0",
        "deploy": "boat==2.0 oar==1.0",
        "test": "boat==2.0 oar==1.0 probe==2.0",
        **{f"web-{python}": "boat==2.0 oar==1.0" for python in ("3.11", "3.12", "3.13", "3.14")},
    }
    text = (room / "project" / "lock" / "web-3.13.txt").read_text()
    assert text.count("--hash=sha256:") == 2 and "\n--only-binary :all:\n" in text
    assert "://" not in text and str(room) not in text


def test_what_is_locked_stays_until_it_is_upgraded(room, index):
    index("boat", "1.0")
    (room / "project" / "requirements.in").write_text("boat\n")
    lock.lock([], shipped=False)
    index("boat", "1.1")
    lock.lock([], shipped=False)
    assert locks(room)["web-3.13"] == "boat==1.0"
    lock.lock(["--upgrade"], shipped=False)
    assert locks(room)["web-3.13"] == "boat==1.1"


@pytest.mark.parametrize(
    ("site", "message"),
    [
        ("boat==1.0\n", "project/requirements.in: boat==1.0 and requirements/web.in: boat>=2 exclude each other"),
        ("oar\ncart==1.0\n", ": cart==1.0 and requirements/web.in: boat>=2 exclude each other: cart needs boat<2"),
        ("tool==1.0\n", "project/requirements.in: tool==1.0 and requirements/demo.in: tool>=2 exclude each other"),
        ("raft\n", "project/requirements.in: raft: the package index has no raft"),
        ("boat=>9\n", "project/requirements.in: boat=>9: no such comparison operator"),
    ],
)
def test_a_clash_is_one_line_with_both_files_and_nothing_is_written(site, message, room, index):
    for version in ("1.0", "2.0"):
        index("boat", version)
        index("tool", version)
    index("oar", "1.0")
    index("cart", "1.0", "boat<2")
    (room / "requirements" / "web.in").write_text("oar\nboat>=2\n")
    (room / "requirements" / "demo.in").write_text("-r web.in\ntool>=2\n")
    (room / "project" / "requirements.in").write_text(site)
    with pytest.raises(SlipwayError) as rejected:
        lock.lock([], shipped=False)
    assert message in str(rejected.value) and "\n" not in str(rejected.value)
    assert not (room / "project" / "lock").exists()


def test_a_python_that_a_package_is_too_new_for_has_no_lock_file_and_is_named(room, index, monkeypatch):
    index("boat", "5.0")
    index("boat", "6.0", python=">=3.12")
    (room / "requirements" / "web.in").write_text("boat>=5\n")
    (room / "project" / "requirements.in").write_text("boat==5.0\n")
    assert lock.lock([], shipped=False) == []
    (room / "project" / "requirements.in").write_text("boat~=6.0\n")
    monkeypatch.setattr(uv, "HERE", "3.13")
    why = "project/requirements.in: boat~=6.0: boat==6.0 needs Python 3.12 or newer"
    server = f"no lock file for a server with Python 3.11: {why}"
    assert lock.lock([], shipped=False) == [server]
    assert [name for name in locks(room) if name.startswith("web-")] == ["web-3.12", "web-3.13", "web-3.14"]
    monkeypatch.setattr(uv, "HERE", "3.11")
    assert lock.lock([], shipped=False) == [
        server,
        f"no packages for this machine: {why}; .venv has Python 3.11: remove it, and name another, like `make demo "
        "PYTHON=python3.12`",
    ]


def test_the_line_at_fault_is_named_and_not_another_that_requires_its_package(room, index):
    index("boat", "5.0")
    index("boat", "6.0", python=">=3.12")
    index("oar", "1.0", "boat")
    (room / "requirements" / "web.in").write_text("oar\n")
    (room / "project" / "requirements.in").write_text("boat~=6.0\n")
    warnings = lock.lock([], shipped=False)
    assert warnings[0].startswith("no lock file for a server with Python 3.11: project/requirements.in: boat~=6.0: ")


def test_a_lock_file_for_a_newer_python_says_how_this_machine_gets_one(index, tmp_path):
    index("boat", "6.0", python=">=3.99")
    (tmp_path / "demo.txt").write_text(f"boat==6.0 --hash=sha256:{'0' * 64}\n")
    assert uv.install([tmp_path / "demo.txt"]) == (
        f"boat==6.0 needs Python 3.99 or newer; .venv has Python {uv.HERE}: remove it, and name another, like "
        "`make demo PYTHON=python3.99`"
    )


def test_one_version_is_taken_for_all_pythons_where_there_is_one(room, index):
    """Else a release would be built with another Django than the server has."""
    index("boat", "5.0")
    index("boat", "6.0", python=">=3.12")
    (room / "requirements" / "web.in").write_text("boat>=5\n")
    lock.lock([], shipped=False)
    assert set(locks(room).values()) == {"boat==5.0"}


# With all that Slipway needs on the server, which is no test's package.
PINS = ["pillow==13.*", "whitenoise==6.9.*", "django-environ==0.12.*", "wagtail==7.4.*", "djangorestframework==3.16.*"]


@pytest.mark.parametrize(
    ("pins", "python"),
    [
        *((["Django==5.2.*", pin], "3.11") for pin in PINS),
        (["Django==6.0.*"], "3.13"),
        (["Django==6.1.*", PINS[0]], "3.14"),
    ],
)
def test_an_ordinary_project_s_pins_resolve_with_ours(pins, python, tmp_path):
    site = tmp_path / "requirements.in"
    site.write_text("".join(f"{pin}\n" for pin in pins))
    how = ["--quiet", "--only-binary", ":all:", *lock.SERVER, "--python-version", python]
    done = uv.run("pip", "compile", *how, files.SHIPPED / "web.in", site)
    assert done.returncode == 0, done.stderr
    for pin in pins:
        name, version = pin.lower().split("==")
        assert f"\n{name}=={version.rstrip('*')}" in done.stdout
