"""What a site sends to phones, to readers of other languages and to those who save data is read too."""

import json

import pytest

from static_smoke.checks.page_references import judge_pages, judge_references
from static_smoke.http.hosts import Hosts
from tests.integration.smoke.crawling import crawl_site
from tests.integration.smoke.stack import Stack

RUN = "cd" * 6


class Varying(Stack):
    """``own``: for a header and a part of its value, what the gallery shows to whom sends it."""

    def _build(self) -> None:
        super()._build()
        self.own: dict[tuple[str, str], str] = {}
        self.sent: list[dict[str, str]] = []
        self.vary = ""

    def _page(self, request):
        self.sent.append(dict(request.headers))
        answer = super()._page(request)
        for (header, value), markup in self.own.items():
            if request.path == "/gallery/" and value in request.headers.get(header, ""):
                answer.text = answer.text.replace("</body>", f"{markup}</body>")
        answer.headers["Vary"] = self.vary
        return answer


@pytest.fixture
def varying(tmp_path):
    with Varying(tmp_path) as varying:
        yield varying


@pytest.mark.parametrize(
    ("header", "value", "depth", "visitor"),
    [
        ("User-Agent", "Mobile", "quick", "phone"),
        ("Sec-CH-UA-Mobile", "?1", "full", "phone"),
        ("Accept-Language", "ja", "full", "other languages"),
        ("Save-Data", "on", "full", "save-data"),
        ("Sec-CH-Prefers-Color-Scheme", "dark", "full", "sec-ch-prefers-color-scheme"),
    ],
)
def test_a_leak_for_some_visitors_is_found(varying, header, value, depth, visitor):
    varying.own[header, value] = '<img src="/static/own.png" alt="">'
    varying.vary = "Save-Data, Sec-CH-Prefers-Color-Scheme"
    result = crawl_site(varying, run=RUN, depth=depth)
    hosts = Hosts(varying.site_url, varying.static_url, varying.media_url)
    references = [it for crawled in result.pages for it in crawled.page.references]
    facts = [*judge_pages(result.pages), *judge_references(references, hosts)]
    assert [(it.url, it.place) for it in facts] == [
        (f"{varying.site_url}static/own.png", f"{varying.site_url}gallery/ ({visitor})")
    ]
    assert not [it for it in result.for_browser() if it.visitor]


def test_every_visitor_carries_the_runs_id_and_nothing_else_of_the_proof(varying):
    crawl_site(varying, run=RUN)
    agents = {sent["User-Agent"] for sent in varying.sent}
    assert len(agents) == 2 and all(agent.endswith(f" slipway-smoke/{RUN}") for agent in agents)
    lines = [json.loads(line) for line in varying.log.read_text().splitlines()]
    assert {line["run"] for line in lines} == {RUN}


def test_answers_that_differ_in_no_file_are_not_kept(varying):
    varying.own["User-Agent", "Mobile"] = f"<p>for phones</p><img src='{varying.url.logo}' alt=''>"
    assert not [it for it in crawl_site(varying).pages if it.visitor]


def test_a_quick_run_asks_as_a_phone_alone_and_for_few_pages(varying, monkeypatch):
    monkeypatch.setattr("static_smoke.site.visitors.PAGES_IF_QUICK", 1)
    crawl_site(varying, depth="quick")
    assert [sent for sent in varying.sent if "Accept-Language" in sent] == []
    assert sum("Mobile" in sent["User-Agent"] for sent in varying.sent) == 1
