"""A report shows pages of a signed-in person: only its owner may read it."""

import os
import stat

import pytest

from static_smoke.report import private
from static_smoke.report.page import write
from static_smoke.verdict import CHECKS, CheckResult, Verdict

FILES = {"index.html", "smoke.json", "junit.xml"}


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def verdict():
    load = {
        "url": "https://a.example/",
        "place": "",
        "device": "desktop",
        "problem": "",
        "failed": False,
        "timings": [],
    }
    loads = [{**load, "screenshot": b"a person's page"}]
    return Verdict("id", "https://a.example/", {letter: CheckResult() for letter in CHECKS}, [], page_loads=loads)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_report_is_for_its_owner_alone(verdict, tmp_path):
    report = tmp_path / "new" / "report"
    write(verdict, report)
    assert mode(report) == 0o700
    assert {path.name: mode(path) for path in report.iterdir()} == dict.fromkeys(FILES, 0o600)


def test_a_folder_that_was_there_stays_as_it_is_and_its_report_becomes_private(verdict, tmp_path):
    tmp_path.chmod(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("somebody's")
    (tmp_path / "index.html").symlink_to(elsewhere)
    (tmp_path / "smoke.json").touch(0o644)
    write(verdict, tmp_path)
    assert mode(tmp_path) == 0o755
    assert {name: mode(tmp_path / name) for name in FILES} == dict.fromkeys(FILES, 0o600)
    assert not (tmp_path / "index.html").is_symlink() and elsewhere.read_text() == "somebody's"
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"elsewhere"}


def test_a_file_that_cannot_be_put_in_place_leaves_nothing(tmp_path):
    (tmp_path / "index.html").mkdir()
    with pytest.raises(OSError):
        private.write(tmp_path / "index.html", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
