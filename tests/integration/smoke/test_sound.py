"""A sound deployment passes, and the report says why."""

import json
import re
from html import escape

import yaml

from static_smoke.report.page import write
from static_smoke.site.session import MOST_RENEWALS
from tests.integration.smoke.stack import Object, hashed
from tests.unit.ansible.conftest import ANSIBLE


def sign_ins(stack):
    """How often the login form was sent."""
    lines = map(json.loads, stack.log.read_text().splitlines())
    return sum((line["method"], line["uri"]) == ("POST", "/login/") for line in lines)


def test_a_sound_deployment_passes_and_says_so_in_one_sentence(stack, prove):
    verdict = prove()
    assert verdict.findings == []
    # Nobody told it how the CDN is configured.
    assert verdict.sentence.startswith("no static request to the origin was seen (full: 10 pages, ")
    assert verdict.sentence.endswith("not heard: the provisioned state (A)); 12 assets from the CDN")
    assert verdict.status == 0
    assert {control.state for control in verdict.controls} == {"detected"}
    assert sign_ins(stack) == 1


def test_the_cdn_hosts_are_found_in_the_pages(prove):
    verdict = prove(static=None, media=None, manifests=())
    assert verdict.findings == []
    assert verdict.checks["C"].checked > 0
    assert len(verdict.assets) == 12


def test_pages_behind_the_login_are_visited_signed_in(prove):
    pages = prove(browser=None).pages
    assert [page["signed_in"] for page in pages if page["url"].endswith("/members/")] == [True]


def test_a_run_signs_in_less_often_than_nginx_lets_through_at_once(stack, prove):
    prove(browser=None, upload="/uploads/sign/")
    limits = yaml.safe_load((ANSIBLE / "roles" / "nginx" / "defaults" / "main.yml").read_text())
    # It depends on what stands before the server.
    at_once = min(map(int, re.findall(r"\d+", limits["nginx_sign_in_delay"])))
    assert sign_ins(stack) == 2
    assert at_once > 2 + MOST_RENEWALS, "with a session that is lost again and again"


def test_a_name_with_a_foreign_hash_raises_no_alarm(stack, prove):
    stack.static["vendor.B1gW-dAt.js"] = Object(b"1", "text/javascript")
    stack.static[hashed("plain.js", b"2")] = Object(b"2", "text/javascript")
    tag = f'<script src="{stack.static_url}vendor.B1gW-dAt.js"></script></body>'
    stack.pages["/"] = stack.pages["/"].replace("</body>", tag)
    assert prove(browser=None).findings == []


def test_what_the_sites_owner_allows_is_reported_and_fails_nothing(stack, prove):
    stack.pages["/"] = stack.pages["/"].replace("</body>", '<img src="/badge.svg" alt=""></body>')
    failed = prove()
    assert {finding.url.rpartition("/")[2] for finding in failed.findings} == {"badge.svg"}
    passed = prove(allow=(("/badge.svg", "drawn for each person"),), waived=(("SECURE_HSTS_SECONDS", "an intranet"),))
    assert passed.findings == []
    assert passed.sentence.endswith("from the CDN; allowed by the site's owner: /badge.svg")
    assert {(it["url"].rpartition("/")[2], it["reason"]) for it in passed.allowed} >= {
        ("badge.svg", "drawn for each person")
    }
    assert "allowed by the site's owner: /badge.svg (drawn for each person)" in passed.notes
    assert "waived by the site's owner: SECURE_HSTS_SECONDS (an intranet)" in passed.notes
    assert not [note for note in passed.notes if "matched no request" in note]
    other = prove(allow=(("/badge", "a path is allowed whole, or not at all"),), browser=None)
    assert other.findings
    assert "allow: /badge matched no request" in other.notes


def test_the_report_holds_what_the_json_holds(tmp_path, prove):
    verdict = prove()
    write(verdict, tmp_path / "report")
    document = json.loads((tmp_path / "report" / "smoke.json").read_text())
    page = (tmp_path / "report" / "index.html").read_text()
    assert document["verdict"] == "passed"
    assert document["checks"]["P"]["state"] == "passed"
    assert escape(document["sentence"])[1:] in page
    assert all(asset["url"].rpartition("/")[2] in page for asset in document["assets"])
    assert 'src="http' not in page and 'href="http' not in page.replace('<a href="http', "")


def test_a_site_without_a_login_form_has_nothing_behind_it(stack, prove):
    del stack.pages["/login/"]
    verdict = prove(browser=None)
    assert verdict.verdict == "passed"
    assert "not checked: pages behind the login (no login form found)" in verdict.notes


def test_the_400_page_is_checked_where_foreign_hosts_are_cut_off(stack, prove):
    """nginx does so, before Django could answer."""
    stack.answers_foreign_hosts = False
    verdict = prove(browser=None)
    assert [page["kind"] for page in verdict.pages if page["status"] == 400] == ["400"]
    assert not [note for note in verdict.notes if "400" in note]


def test_pages_without_any_asset_prove_nothing(stack, prove):
    stack.pages = dict.fromkeys(stack.pages, "<!doctype html><link rel=icon href='data:,'>")
    verdict = prove(browser=None, login=None, manifests=())
    assert verdict.sentence.startswith("the run is inconclusive: no page names an asset on a CDN host (")


def test_a_site_that_is_away_could_not_be_looked_at(stack, prove):
    verdict = prove(resolve={("www.sound.localhost", stack.origin_port): ("127.0.0.1", 9)})
    assert (verdict.verdict, verdict.status, verdict.findings) == ("inconclusive", 2, [])
    assert "/admin/ did not answer: Cannot connect" in verdict.sentence
