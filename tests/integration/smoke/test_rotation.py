"""The origin's log is rotated, emptied or deleted in the middle of a run."""

import os

import pytest

LEAK = '<img src="/static/leak.png" alt=""></body>'


@pytest.fixture
def during_the_crawl(stack):
    """Calls a function once, when the second page is requested."""

    def arrange(act):
        asked = []

        def page(path, html):
            asked.append(path)
            if len(asked) == 2:
                act(stack)
            return html

        stack.wraps = page

    return arrange


def renamed(stack):
    stack.log.rename(stack.log.with_name("access.log.1"))


def emptied(stack):
    stack.log.with_name("access.log.1").write_bytes(stack.log.read_bytes())
    os.truncate(stack.log, 0)


def unreadable(stack):
    stack.logs = False
    stack.log.unlink()
    stack.log.mkdir()


def test_a_rotated_log_is_read_whole(prove, during_the_crawl):
    before = prove(browser=None)
    during_the_crawl(renamed)
    verdict = prove(browser=None)
    assert (verdict.verdict, verdict.checks["O"].state) == ("passed", "passed")
    assert verdict.checks["O"].checked == before.checks["O"].checked > 5


def test_a_log_that_was_emptied_makes_the_run_inconclusive_and_keeps_what_was_found(stack, prove, during_the_crawl):
    stack.pages["/gallery/"] = stack.pages["/gallery/"].replace("</body>", LEAK)
    during_the_crawl(emptied)
    verdict = prove(browser=None)
    assert verdict.verdict == "inconclusive" and "access.log was truncated" in verdict.sentence
    assert verdict.checks["O"].state == "not checked"
    assert [finding.url.rpartition("/")[2] for finding in verdict.findings] == ["leak.png"]


def test_a_log_that_cannot_be_read_any_more_is_named_and_the_rest_is_kept(stack, prove, during_the_crawl, monkeypatch):
    monkeypatch.setattr("static_smoke.checks.origin_log.WAIT", 0.2)
    stack.pages["/gallery/"] = stack.pages["/gallery/"].replace("</body>", LEAK)
    during_the_crawl(unreadable)
    verdict = prove(browser=None)
    assert verdict.verdict == "inconclusive" and "access.log cannot be read: Is a directory" in verdict.sentence
    assert verdict.checks["O"].state == "not checked"
    assert [finding.url.rpartition("/")[2] for finding in verdict.findings] == ["leak.png"]
