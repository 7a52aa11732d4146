"""Whether a lock file has what is required."""

import pytest

from slipway.tool.requirements import files
from slipway.web.errors import SlipwayError

LOCK = """\
# make lock
--only-binary :all:

boat==2.1 \\
    --hash=sha256:00
oar==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:01
oar==2.0 ; python_full_version >= '3.12' \\
    --hash=sha256:02
sail @ file:///srv/sail-1.0-py3-none-any.whl \\
    --hash=sha256:03
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Its requirements.in; ``write`` fills it, and its lock file for Python 3.13 is LOCK."""
    monkeypatch.setattr(files, "SHIPPED", tmp_path)
    monkeypatch.setattr(files, "SITE", tmp_path / "requirements.in")
    monkeypatch.setattr(files, "SITE_LOCKS", tmp_path / "lock")
    (tmp_path / "web.in").write_text("boat>=2\n")
    (tmp_path / "lock").mkdir()
    (tmp_path / "lock" / "web-3.13.txt").write_text(LOCK)
    return files.SITE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# boat==9\n",
        "Boat==2.1\n",
        "boat[fast]~=2.0  # quick\n",
        "oar>=2\n",
        "oar==1.0\n",
        "boat==9 ; python_version < '3.12'\n",
        "sail @ https://example.com/sail.whl\n",
        "--no-binary boat\nboat \\\n    >=2\n",
    ],
)
def test_what_it_has_is_nothing_to_tell(text, site):
    site.write_text(text)
    assert files.check("web-3.13", "3.13") == files.SITE_LOCKS / "web-3.13.txt"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("boat>=3\n", "boat>=3, but {} has boat 2.1; run make lock"),
        ("mast\n", "mast, but {} has no mast; run make lock"),
        ("oar==3 ; python_version >= '3.12'\n", "oar==3 ; python_version >= '3.12', but {} has oar 1.0 and 2.0; run"),
    ],
)
def test_what_is_missing_is_one_line_with_both_files(text, wrong, site):
    site.write_text(text)
    with pytest.raises(SlipwayError) as rejected:
        files.check("web-3.13", "3.13")
    assert str(rejected.value).startswith(f"{site}: {wrong.format(files.SITE_LOCKS / 'web-3.13.txt')}")
    assert "\n" not in str(rejected.value)


def test_what_slipway_needs_is_looked_for_too(site):
    (files.SHIPPED / "web.in").write_text("boat>=3\n")
    with pytest.raises(SlipwayError, match=r"web.in: boat>=3, but .* has boat 2.1"):
        files.check("web-3.13", "3.13")


def test_included_files_are_read_and_a_missing_one_is_named(site):
    site.write_text("-r more/base.in\n")
    with pytest.raises(SlipwayError, match=r"more/base.in: No such file"):
        files.check("web-3.13", "3.13")
    (site.parent / "more").mkdir()
    (site.parent / "more" / "base.in").write_text("mast==1\n")
    with pytest.raises(SlipwayError, match=r"more/base.in: mast==1, but .* has no mast"):
        files.check("web-3.13", "3.13")


def test_until_a_site_has_lock_files_of_its_own_the_shipped_ones_serve(site):
    assert files.locked("demo") == files.SITE_LOCKS / "demo.txt"
    for path in files.SITE_LOCKS.iterdir():
        path.unlink()
    files.SITE_LOCKS.rmdir()
    assert files.locked("demo") == files.SHIPPED / "demo.txt"
    assert files.locked("deploy") == files.ROOT / "requirements.txt"


@pytest.mark.parametrize("name", [*files.SETS, *(f"web-{python}" for python in files.PYTHONS)])
def test_what_slipway_ships_is_locked(name, monkeypatch):
    python = name.removeprefix("web-") if name.startswith("web-") else None
    assert files.check(name, python).exists()


def test_the_deploying_machine_has_the_six_packages_that_the_site_is_built_on():
    names = {line.name for line in files.read(files.ROOT / "requirements.in")}
    assert names >= {"django", "gunicorn", "django-storages", "django-compressor", "boto3", "ansible"}


@pytest.mark.parametrize("lock", sorted({files.ROOT / "requirements.txt", *files.SHIPPED.glob("*.txt")}), ids=str)
def test_a_lock_file_has_a_hash_for_each_package_and_no_address(lock):
    text = lock.read_text()
    pins = [line for line in text.splitlines() if line and line[0].isalnum()]
    assert pins and all(line.endswith("\\") for line in pins)
    assert "://" not in text
