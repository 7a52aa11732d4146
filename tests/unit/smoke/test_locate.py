"""Findings get their lines and their place in the response; those that one line has caused become one."""

from dataclasses import replace

from multidict import CIMultiDict

from static_smoke.http.client import Answer
from static_smoke.parse.page import Page
from static_smoke.site.pages import CrawledPage
from static_smoke.source.find import Source
from static_smoke.source.locate import locate
from static_smoke.verdict import Finding

SITE = "https://www.a/"
TEMPLATE = '<html><head><title>The shop of things</title></head>\n<img class="part" src="/static/img/{{ name }}.png">\n'
HTML = TEMPLATE.replace("{{ name }}", "one") + TEMPLATE.replace("{{ name }}", "two")


def crawled(url: str) -> CrawledPage:
    answer = Answer(url, 200, CIMultiDict({"Content-Type": "text/html"}), HTML.encode())
    return CrawledPage(answer, Page(url, url), "page")


def found(check: str, rule: str, url: str, place: str = SITE) -> Finding:
    return Finding(check, f"{SITE}{url}", place, "it is wrong", "mend it", rule=rule, places=(place,))


def located(tmp_path, *findings: Finding) -> list[Finding]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "home.html").write_text(TEMPLATE)
    (tmp_path / "settings.py").write_text("STATIC_URL = '/static/'\n")
    return locate(findings, Source(tmp_path), [crawled(SITE), crawled(f"{SITE}about/")], {})


def test_the_urls_of_one_template_line_are_one_finding(tmp_path):
    one = found("P", "WRITTEN", "static/img/one.png")
    two = found("P", "WRITTEN", "static/img/two.png", f"{SITE}about/")
    (finding,) = located(tmp_path, one, two)
    assert finding.written[0]["place"] == "templates/home.html:2"
    assert (finding.also, finding.places) == ((f"{SITE}static/img/two.png",), (SITE, f"{SITE}about/"))
    assert finding.response == {"place": f"{SITE}:2:24", "text": '<img class="part" src="/static/img/one.png">'}


def test_what_each_check_saw_stays_its_own(tmp_path):
    """Each fails its check, and they have one cause."""
    seen = [found("P", "NO_CDN", "static/a.png"), found("O", "NO_CDN", "static/a.png", "access.log:7")]
    assert [(it.check, it.cause, it.written[0]["place"]) for it in located(tmp_path, *seen)] == [
        ("P", 1, "settings.py:1"),
        ("O", 1, "settings.py:1"),
    ]


def test_a_line_of_the_log_is_looked_for_in_the_pages(tmp_path):
    (finding,) = located(tmp_path, found("O", "ARRIVED", "static/img/two.png", "access.log:7"))
    assert finding.response["place"] == f"{SITE}:4:24"


def test_without_the_project_the_response_is_named_all_the_same():
    (finding,) = locate([found("P", "WRITTEN", "static/img/two.png")], None, [crawled(SITE)], {})
    assert (finding.written, finding.response["place"]) == ((), f"{SITE}:4:24")


def test_a_header_of_the_cdn_is_written_in_no_template(tmp_path):
    (finding,) = located(tmp_path, replace(found("B", "BLOCKED", "static/img/one.png"), what="blocked by CORS policy"))
    assert finding.written == ()
