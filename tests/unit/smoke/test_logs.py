"""Checks O, N and A read logs and documents."""

import json

import pytest

from static_smoke.checks import netlog, origin_log, provisioned
from static_smoke.checks.origin_log import OriginLog
from static_smoke.http.hosts import Hosts
from static_smoke.rules import Rule

RUN = "0123456789ab"
HOSTS = Hosts("https://www.example.com/", "https://static.example.com/")


def line(**changes) -> str:
    usual = {"run": RUN, "host": "www.example.com", "uri": "/", "status": 200, "bytes": 9, "type": "text/html"}
    return json.dumps({**usual, "dest": "document", "agent": f"x slipway-smoke/{RUN}", **changes})


def judged(tmp_path, *texts: str, allowances: list | None = None) -> list:
    path = tmp_path / "access.log"
    path.write_text(line(uri="/static/before.css") + "\n")
    log = OriginLog(path)
    with path.open("a") as file:
        file.write("\n".join(texts) + "\n")
    allowances = [] if allowances is None else allowances
    return list(origin_log.judge(log.lines(), RUN, HOSTS, {"css/a.css"}, allowances))


@pytest.mark.parametrize(
    "changes",
    [
        {"dest": "style", "uri": "/any"},
        {"dest": "empty", "uri": "/static/a.bin"},
        {"dest": "document", "uri": "/static/a.css"},
        {"dest": "script", "uri": "/tags/node.js"},
        {"dest": "empty", "uri": "/a.css"},
        {"dest": "empty", "uri": "/any", "type": "image/png"},
        {"dest": "serviceworker", "uri": "/worker", "type": "text/javascript"},
        {"dest": "image", "uri": "/favicon.ico", "type": "image/x-icon", "bytes": 900},
    ],
)
def test_a_static_line_is_known_by_dest_name_or_type(tmp_path, changes):
    facts = judged(tmp_path, line(), line(**changes))
    assert [(fact.rule, fact.place) for fact in facts] == [(Rule.ARRIVED, "access.log:3")]


@pytest.mark.parametrize(("dest", "kind"), [("empty", " (fetch)"), ("script", " (script)"), ("", "")])
def test_a_static_line_says_that_the_request_is_the_fault_whatever_the_answer(tmp_path, dest, kind):
    (fact,) = judged(tmp_path, line(dest=dest, uri="/static/a.js", status=404))
    assert fact.what == (
        f"a request for a static file{kind} reached the origin, which answered 404 to it (text/html, 9 bytes): "
        "a fault whatever the answer"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dest": "empty", "uri": "/api/photos", "type": "application/json"},
        {"dest": "empty", "uri": "/export", "type": "application/octet-stream"},
        {"uri": "/tags/node.js"},
        {"uri": "/static/"},
        {"dest": "websocket", "uri": "/ws/", "status": 101, "type": ""},
        {"dest": "empty", "uri": "/events/", "type": "text/event-stream"},
        {"dest": "empty", "uri": "/collect/", "status": 204, "type": ""},
        {"dest": "empty", "uri": "/export.csv", "type": "text/csv"},
        {"dest": "empty", "uri": "/ads.txt", "type": "text/plain"},
        {"dest": "empty", "uri": "/feed.xml", "type": "application/rss+xml"},
        {"run": "ffffffffffff", "agent": "x slipway-smoke/ffffffffffff", "uri": "/static/a.css"},
        {"run": "", "agent": "a visitor", "uri": "/static/a.css", "dest": "style"},
    ],
)
def test_pages_api_and_other_peoples_lines_are_no_facts(tmp_path, changes):
    assert judged(tmp_path, line(**changes)) == []


@pytest.mark.parametrize("uri", ["//[", "//[x]/a", "http://[/a", "//a]b/c", "/a[b"])
def test_whatever_a_visitor_asks_for_the_log_is_read_to_its_end(tmp_path, uri):
    theirs = [line(run="", agent="x", uri=uri, host=host) for host in ("www.example.com", "[x]", "[")]
    facts = judged(tmp_path, *theirs, line(uri="/static/a.css"))
    assert [(fact.rule, fact.place) for fact in facts] == [(Rule.ARRIVED, "access.log:5")]


def test_allowed_lines_are_kept_with_bytes_and_reason(tmp_path):
    allowances = []
    lines = [
        line(uri="/favicon.ico", dest="image", status=302, bytes=0, type=""),
        line(uri="/sw.js", dest="serviceworker", bytes=60, type="text/javascript"),
        line(uri="/admin/jsi18n/", dest="script", bytes=3000, type="text/javascript"),
    ]
    assert judged(tmp_path, *lines, allowances=allowances) == []
    assert [entry["bytes"] for entry in allowances] == [0, 60, 3000]
    assert all(entry["reason"] for entry in allowances)


def test_a_service_worker_is_a_stub_or_static(tmp_path):
    whole = line(uri="/sw.js", dest="serviceworker", bytes=5000, type="text/javascript")
    assert [fact.rule for fact in judged(tmp_path, whole)] == [Rule.ARRIVED]


def test_the_combined_format_is_read_too(tmp_path):
    text = f'1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET /a.css HTTP/1.1" 404 9 "-" "x slipway-smoke/{RUN}"'
    assert [fact.url for fact in judged(tmp_path, text)] == ["https://www.example.com/a.css"]


def test_a_fetch_by_the_cdn_itself_is_seen_without_a_run_id(tmp_path):
    agent = {"run": "", "agent": "Amazon CloudFront", "dest": ""}
    facts = judged(tmp_path, line(uri="/css/a.css", **agent), line(uri="/other.css", **agent))
    assert [fact.rule for fact in facts] == [Rule.PULLED]


def test_a_rotated_log_is_read_from_its_start(tmp_path):
    path = tmp_path / "access.log"
    path.write_text(line() * 50)
    log = OriginLog(path)
    path.write_text(line(uri="/static/a.css") + "\n")
    assert [it.uri for it in log.lines()] == ["/static/a.css"]


def net_log(tmp_path, *events: dict, end: str = "]}") -> list:
    types = {"URL_REQUEST_START_JOB": 1, "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": 2}
    path = tmp_path / "net.json"
    rows = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    constants = json.dumps({"constants": {"logEventTypes": types}}, separators=(",", ":"))[:-1]
    path.write_text(f'{constants},\n"events": [\n{rows}{end}')
    return netlog.read(path)


def sent(url: str, *headers: str, source: int = 7) -> list[dict]:
    return [
        {"type": 1, "source": {"id": source}, "params": {"url": url}},
        {"type": 2, "source": {"id": source}, "params": {"headers": list(headers)}},
    ]


@pytest.mark.parametrize("end", ["]}", ",\n"])
def test_a_net_log_is_read_even_if_its_end_is_missing(tmp_path, end):
    events = sent("https://www.example.com/favicon.ico", "User-Agent: x slipway-smoke/1", "Referer: y")
    found = net_log(tmp_path, *events, end=end)
    assert [(it.url, it.agent, it.referer) for it in found] == [
        ("https://www.example.com/favicon.ico", "x slipway-smoke/1", "y")
    ]


def test_a_cookie_on_its_way_to_the_cdn_is_seen(tmp_path):
    found = net_log(tmp_path, *sent("https://static.example.com/a.css", "Cookie: [3 bytes were stripped]"))
    assert [fact.rule for fact in netlog.judge(found, [], HOSTS)] == [Rule.COOKIE_SENT]


def test_what_is_no_net_log_is_rejected(tmp_path):
    path = tmp_path / "net.json"
    path.write_text('{"a": 1}\n')
    with pytest.raises(ValueError, match="not a net log"):
        netlog.read(path)


def state(**origin) -> dict:
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    usual = {"DomainName": "b.s3.eu-central-1.amazonaws.com", "OriginAccessControlId": "E1"}
    return {
        "static": {"config": {"Aliases": {"Items": ["static.example.com"]},
                              "Origins": {"Items": [{**usual, **origin}]}}},
        "bucket": {"public_access_block": dict.fromkeys(blocks, True)},
    }  # fmt: skip


def test_a_sound_state_raises_nothing():
    assert provisioned.judge(state(), "d.json", HOSTS) == ([], 2)


@pytest.mark.parametrize(
    ("origin", "check"),
    [
        ({"OriginAccessControlId": ""}, Rule.NO_ACCESS_CONTROL),
        ({"DomainName": "www.example.com"}, Rule.ORIGIN_IS_SITE),
        ({"DomainName": "1.2.3.4", "CustomOriginConfig": {"HTTPPort": 80}, "OriginAccessControlId": ""},
         Rule.ORIGIN_IS_SITE),
    ],
)  # fmt: skip
def test_an_origin_must_be_the_bucket_behind_access_control(origin, check):
    facts, _ = provisioned.judge(state(**origin), "d.json", HOSTS)
    assert [(it.rule, it.url) for it in facts] == [(check, HOSTS.static)]
    assert facts[0].place == "d.json.static.config.Origins[0]"


def test_each_public_access_block_must_be_on():
    document = state()
    document["bucket"]["public_access_block"]["IgnorePublicAcls"] = False
    facts, _ = provisioned.judge(document, "d.json", HOSTS)
    assert [it.rule for it in facts] == [Rule.PUBLIC_BUCKET]
    assert "IgnorePublicAcls" in facts[0].what
    document["bucket"]["public_access_block"] = None
    facts, _ = provisioned.judge(document, "d.json", HOSTS)
    assert [it.rule for it in facts] == [Rule.PUBLIC_BUCKET]
