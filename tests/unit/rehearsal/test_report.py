"""The report begins with the verdict, needs no other file, and exists for a rehearsal that ended early."""

from html.parser import HTMLParser

import pytest

from rehearsal import report
from rehearsal.load import Requests
from rehearsal.memory import Memory, Service
from rehearsal.run import Results
from rehearsal.run_log import Phase, RunLog

MB = 1024 * 1024


class Page(HTMLParser):
    """What a page shows, in order, and what it refers to. Raises AssertionError where a tag is not closed."""

    VOID = frozenset(("meta", "link", "br", "line", "circle"))

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.references = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.references += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and "style" not in self.open:
            self.words.append(data.strip())


@pytest.fixture
def log(tmp_path):
    made = RunLog(tmp_path / "log")
    made.phases = [Phase("Boot", 30.0), Phase("make deploy", 200.0, parts=[Phase("Build <all>", 20.0)])]
    made.check("No request fails during a release", True, "0 of 600 failed")
    return made


@pytest.fixture
def results(tmp_path):
    services = tuple(Service(f"service-{n}", 1, (20 - n) * MB, 30 * MB, 31 * MB, 0, 0) for n in range(12))
    requests = Requests(10, answered=[(n / 10, 0.1) for n in range(50)], failed=[(2.0, "/: status 502 <oops>")])
    smoke = tmp_path / "smoke"
    return Results(
        "https://www.slipway.test", smoke, Memory(469, 240, (239, 240, 241), 1024, 3, 0, services), {"a": requests}
    )


def test_the_verdict_stands_first_and_nothing_else_is_needed(log, results, tmp_path):
    page = Page(report.write(tmp_path / "report", log, results, "Debian trixie").read_text())
    assert page.words[1:3] == ["passed", "Every check passed."]
    assert page.references == ["data:,", "../smoke/index.html"]


def test_what_failed_is_marked(log, results, tmp_path):
    log.check("At least 230 MB are left", False, "201 MB")
    text = report.page(tmp_path, log, results, "Debian trixie")
    assert Page(text).words[1:3] == ["failed", "Not every check passed."]
    assert '<li class="failed"><i>✗</i><span>At least 230 MB' in text


def test_what_a_machine_cannot_show_is_neither_passed_nor_failed(log, results, tmp_path):
    log.skip("Swap is on", "the kernel is this computer's own")
    text = report.page(tmp_path, log, results, "Debian trixie, 512 MB, in a container")
    words = Page(text).words
    assert words[1:4] == [
        "passed",
        "Every check that is possible here passed; 1 are not.",
        "make rehearse · Debian trixie, 512 MB, in a container · https://www.slipway.test",
    ]
    assert "not checked here: the kernel is this computer's own" in words
    assert '<li class="open"><i>-</i><span>Swap is on' in text


def test_phases_failures_and_services_are_all_there(log, results, tmp_path):
    words = Page(report.page(tmp_path, log, results, "Debian trixie")).words
    assert {"Boot", "Build <all>", "at 2.0 s: /: status 502 <oops>", "1 of 51"} <= set(words)
    assert {f"service-{n}" for n in range(12)} <= set(words)


def test_a_rehearsal_that_ended_early_says_why(tmp_path):
    log = RunLog(tmp_path / "log")
    log.failure = "the machine ended while it was <booting>"
    words = Page(report.page(tmp_path, log, Results(), "Debian trixie")).words
    assert words[1:3] == ["failed", "the machine ended while it was <booting>"]
