"""Check H examines one answer; check C the origin's answers."""

import gzip
import hashlib
import json

import brotli
import pytest
from multidict import CIMultiDict

from static_smoke.checks import headers
from static_smoke.checks.fetch import Asset
from static_smoke.checks.page_references import judge_missing
from static_smoke.checks.served import OWN_BYTES, Judge, Way
from static_smoke.http.cdn import is_hit
from static_smoke.http.client import Answer
from static_smoke.http.coding import decode
from static_smoke.http.hosts import Hosts
from static_smoke.parse.reference import Reference
from static_smoke.rules import Rule
from static_smoke.site.manifest import Entry, Manifest

HOSTS = Hosts("https://www.example.com/", "https://static.example.com/", "https://media.example.com/")
IMMUTABLE = "public, max-age=31536000, immutable"


def answer(url: str, body: bytes = b"x", status: int = 200, **sent: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in sent.items()}
    return Answer(url, status, CIMultiDict(named), body)


def checks(name: str, body: bytes = b"x", manifest: Manifest | None = None, cors: bool = False, **sent: str):
    url = f"https://static.example.com/{name}"
    sent = {"X_Cache": "Hit from cloudfront", "Cache_Control": IMMUTABLE, **sent}
    asset = Asset(url, "image", HOSTS.site, cors, [answer(url, body, **sent)] * 2)
    facts = headers.judge([asset], HOSTS, manifest or Manifest(), "X-Origin")
    return {fact.rule for fact in facts}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Cache", "Hit from cloudfront"),
        ("X-Cache", "RefreshHit from cloudfront"),
        ("CF-Cache-Status", "HIT"),
        ("X-Cache", "MISS, HIT"),
        ("X-Cache", "HIT, MISS"),
        *(
            (("X-Cache", f"TCP_{word} from a1-2-3.deploy.akamaitechnologies.com (AkamaiGHost/22.1)"))
            for word in ("HIT", "MEM_HIT", "IMS_HIT", "REFRESH_HIT", "REFRESH_FAIL_HIT")
        ),
        ("Akamai-Cache-Status", "Hit from child"),
        ("Akamai-Cache-Status", "Miss from child, Hit from parent"),
        ("Akamai-Cache-Status", "HitStale from child"),
        *(("CF-Cache-Status", word) for word in ("STALE", "UPDATING", "REVALIDATED")),
        ("Cache-Status", "edge; hit; ttl=30"),
    ],
)
def test_each_cdn_has_its_own_header_for_a_hit(name, value):
    assert is_hit(Answer("", 200, CIMultiDict({name: value})))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("X-Cache", value) for value in ("Miss from cloudfront", "Error from cloudfront", "MISS, MISS")),
        *(
            ("X-Cache", f"TCP_{word} from a1.akamaitechnologies.com")
            for word in ("MISS", "REFRESH_MISS", "EXPIRED_MISS")
        ),
        *(("Akamai-Cache-Status", value) for value in ("Miss from child", "NotCacheable from child")),
        *(("CF-Cache-Status", value) for value in ("MISS", "EXPIRED", "BYPASS", "DYNAMIC")),
        ("Cache-Status", "edge; fwd=uri-miss; stored"),
    ],
)
def test_a_miss_is_no_hit(name, value):
    assert not is_hit(Answer("", 200, CIMultiDict({name: value})))


def test_a_sound_answer_raises_nothing():
    body = b"p{}" + b" " * 2000
    packed = brotli.compress(body)
    name = f"a.{hashlib.md5(body).hexdigest()[:12]}.css"
    manifest = Manifest([Entry(name, True, "staticfiles.json")])
    assert checks(name, packed, manifest, Content_Type="text/css", Content_Encoding="br") == set()


@pytest.mark.parametrize(
    ("name", "sent", "check"),
    [
        ("a.0123456789ab.png", {"Cache_Control": "public, max-age=60"}, Rule.NOT_IMMUTABLE),
        ("a.png", {}, Rule.IMMUTABLE),
        ("a.0123456789ab.png", {"X_Origin": "slipway"}, Rule.MARKED),
        ("a.0123456789ab.png", {"Set_Cookie": "a=1"}, Rule.COOKIE),
        ("a.0123456789ab.png", {"Vary": "Cookie"}, Rule.VARIES),
        ("a.0123456789ab.png", {"Vary": "Accept-Encoding, Cookie"}, Rule.VARIES),
        ("a.0123456789ab.png", {"Vary": "*"}, Rule.VARIES),
        ("a.0123456789ab.png", {"Vary": "Origin, user-agent"}, Rule.VARIES),
        ("a.png?v=3", {}, Rule.IMMUTABLE),
        ("logo-spring2026.png", {}, Rule.IMMUTABLE),
        ("a.0123456789ab.png", {"X_Cache": "Miss from cloudfront"}, Rule.NEVER_HIT),
        ("a.0123456789ab.png", {"Content_Type": "text/html"}, Rule.TYPE),
        ("a.0123456789ab.css", {"Content_Type": "text/css; charset=latin-1"}, Rule.TYPE),
    ],
)
def test_one_wrong_header_is_one_fact(name, sent, check):
    kind = "text/css" if name.endswith("css") else "image/png"
    assert checks(name, **{"Content_Type": kind, **sent}) == {check}


def test_a_body_compressed_twice_or_mislabelled_is_a_fact():
    body = b"p{}" * 500
    sent = {"Content_Type": "text/css", "Content_Encoding": "gzip"}
    assert checks("a.0123456789ab.css", gzip.compress(gzip.compress(body)), **sent) == {Rule.ENCODING}
    assert checks("a.0123456789ab.css", brotli.compress(body), **sent) == {Rule.ENCODING}


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({}, "the body is br, and no Content-Encoding says so: not labelled"),
        ({"Content-Encoding": "gzip"}, "still br after undoing gzip: compressed twice"),
    ],
)
def test_a_body_without_its_label_is_not_called_compressed_twice(labels, says):
    body = brotli.compress("p::after { content: 'é' }".encode() * 50)
    body = gzip.compress(body) if labels else body
    url = f"{HOSTS.static}a.0123456789ab.css"
    sent = {"X-Cache": "Hit", "Cache-Control": IMMUTABLE, "Content-Type": "text/css", **labels}
    asset = Asset(url, "style", HOSTS.site, answers=[Answer(url, 200, CIMultiDict(sent), body)] * 2)
    assert [fact.what for fact in headers.judge([asset], HOSTS, Manifest(), "X-Origin")] == [says]


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_a_body_that_is_not_what_its_label_says_is_rejected(coding):
    with pytest.raises(ValueError):
        decode(b"plain", coding)


def test_a_name_is_judged_by_its_hash_only_where_a_manifest_knows_it():
    sent = {"Content_Type": "image/png"}
    assert checks("a.0123456789ab.png", **sent) == set()
    known = Manifest([Entry("a.0123456789ab.png", True, "staticfiles.json")])
    assert checks("a.0123456789ab.png", manifest=known, **sent) == {Rule.HASH}


def test_the_type_is_exact_where_a_manifest_knows_it():
    md5 = hashlib.md5(b"x").hexdigest()
    exact = Entry(f"a.{md5[:12]}.css", True, "objects.json", md5, "text/css; charset=utf-8")
    name, manifest = exact.name, Manifest([exact])
    assert checks(name, manifest=manifest, Content_Type="text/css") == {Rule.TYPE}
    assert checks(name, manifest=manifest, Content_Type="text/css; charset=utf-8") == set()


def test_a_hash_may_be_that_of_headers_and_bytes():
    """Recorded headers are those that count; where none are, the answer's own do."""
    sent, other = {"Content_Type": "font/woff2"}, {"Content_Type": "font/woff2", "Cache_Control": f"{IMMUTABLE}, x"}
    digest = hashlib.md5(f"font/woff2\n{IMMUTABLE}\nx".encode())
    name = f"a.{digest.hexdigest()[:12]}.woff2"
    named = Manifest([Entry(name, True, "staticfiles.json")])
    assert checks(name, manifest=named, **sent) == set()
    assert checks(name, manifest=named, **other) == {Rule.HASH}
    assert checks(name, b"y", manifest=named, **sent) == {Rule.HASH}
    md5 = hashlib.md5(b"x").hexdigest()
    recorded = Manifest([Entry(name, True, "objects.json", md5, "font/woff2", IMMUTABLE)])
    assert checks(name, manifest=recorded, **other) == set()
    wrong = Manifest([Entry(name, True, "objects.json", md5, "font/woff", IMMUTABLE)])
    assert checks(name, manifest=wrong, **sent) == {Rule.HASH, Rule.TYPE}


def test_a_bundlers_hash_is_its_own(tmp_path):
    known = {"cache_control": IMMUTABLE, "content_type": "font/woff2", "md5": hashlib.md5(b"x").hexdigest()}
    names = ["index-B1gW-dAt.woff2", "chunk.1a2b3c4d5e6f7a8b9c0d.woff2"]
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({"objects": {f"static/{name}": known for name in [*names, "plain.woff2"]}}))
    manifest = Manifest.load([path])
    for name in names:
        assert checks(name, manifest=manifest, Content_Type="font/woff2") == set()
        assert checks(name, b"y", manifest=manifest, Content_Type="font/woff2") == {Rule.HASH}
    assert checks("plain.woff2", manifest=manifest, Content_Type="font/woff2") == {Rule.IMMUTABLE}


def test_cors_is_judged_only_where_a_browser_needs_it():
    font = "a.0123456789ab.woff2"
    assert checks(font, cors=True, Content_Type="font/woff2") == {Rule.CORS_ABSENT}
    assert checks(font, Content_Type="font/woff2") == set()
    other = {"Access_Control_Allow_Origin": "https://else.example"}
    assert checks(font, cors=True, Content_Type="font/woff2", **other) == {Rule.CORS_WRONG}


@pytest.mark.parametrize(
    ("plain", "asked", "found"),
    [
        ({}, {"Access_Control_Allow_Origin": HOSTS.origin}, {Rule.CORS_LATER}),
        ({}, {"Access_Control_Allow_Origin": "*"}, {Rule.CORS_LATER}),
        ({"Vary": "Accept-Encoding"}, {"Access_Control_Allow_Origin": "*"}, {Rule.CORS_LATER}),
        ({"Vary": "Accept-Encoding, origin"}, {"Access_Control_Allow_Origin": "*"}, set()),
        ({"Access_Control_Allow_Origin": "*"}, {"Access_Control_Allow_Origin": "*"}, set()),
        # A host that never allows it blocks each such request, whatever the browser holds: no visitor is surprised.
        ({}, {}, set()),
    ],
)
@pytest.mark.parametrize("cors", [False, True])
def test_a_file_that_a_tag_loaded_can_be_asked_for_with_cors_later(plain, asked, found, cors):
    url = "https://static.example.com/a.0123456789ab.png"
    answers = [answer(url, Content_Type="image/png", X_Cache="Hit from x", **sent) for sent in (plain, asked)]
    asset = Asset(url, "image", HOSTS.site, cors=cors, answers=answers, as_origin={1})
    rules = {fact.rule for fact in headers.judge([asset], HOSTS, Manifest(), "X")}
    assert rules - {Rule.CORS_ABSENT, Rule.NOT_IMMUTABLE, Rule.HASH} == found


def test_a_missing_cors_header_says_what_the_cdn_has_to_send_and_whether_it_ever_does():
    def asset(name: str, **sent: str) -> Asset:
        url = f"https://static.example.com/{name}"
        return Asset(url, "font", HOSTS.site, cors=True, answers=[answer(url, X_Cache="Hit from x", **sent)])

    def said(*assets: Asset) -> dict:
        return {
            fact.what: fact.fix for fact in headers.judge(assets, HOSTS, Manifest(), "X") if "CORS" in fact.rule.name
        }

    none, wrong = asset("a.woff2"), asset("b.woff2", Access_Control_Allow_Origin="https://else.example")
    fix = (
        "let static.example.com send Access-Control-Allow-Origin: https://www.example.com, in the CDN's configuration "
        "(CloudFront: the response-headers policy); no file of the project is to change"
    )
    never = "static.example.com sends no Access-Control-Allow-Origin with any of the 2 files that need it"
    assert said(none, asset("c.woff2")) == {never: fix}
    assert said(none, wrong) == {
        "static.example.com sends no Access-Control-Allow-Origin with this file": fix,
        "Access-Control-Allow-Origin is 'https://else.example', the site is 'https://www.example.com'": fix,
    }


def test_a_cookie_of_the_whole_domain_reaches_the_cdn():
    wide = ("https://www.example.com/", "sessionid=1; Domain=.example.com; Path=/")
    narrow = ("https://www.example.com/", "sessionid=1; Path=/")
    facts = list(headers.wide_cookies([wide, narrow], HOSTS))
    assert {fact.url for fact in facts} == {HOSTS.static, HOSTS.media}


NOT_FOUND = answer("", b"gone", 404)


def served(prefix: str, name: str, answered: Answer, manifest: Manifest | None = None, control=NOT_FOUND) -> str:
    return Judge(HOSTS, manifest or Manifest(), {}).judge(Way(f"below {prefix}", prefix), name, answered, control)


@pytest.mark.parametrize(
    ("prefix", "name", "answered", "failed"),
    [
        ("/static/", "a.css", answer("", b"gone", 404), False),
        ("/static/", "a.css", answer("", b"p{}", 200, Content_Type="text/css"), True),
        ("/static/", "a.css", answer("", b"", 302, Location="https://static.example.com/a.css"), True),
        ("/static/", "a.css", answer("", b"<p>", 200, Content_Type="text/html"), True),
        ("/", "admin/a.css", answer("", b"", 302, Location="/admin/login/?next=/admin/a.css"), False),
        ("/", "a.css", answer("", b"<p>", 200, Content_Type="text/html"), False),
        ("/", "favicon.ico", answer("", b"", 301, Location="https://static.example.com/favicon.ico"), False),
        ("/", "favicon.ico", answer("", b"icon", 200, Content_Type="image/x-icon"), True),
        ("/static/", "a.css", answer("", b"no", 403), True),
        ("/", "robots.txt", answer("", b"x", 200, Content_Type="text/plain"), False),
    ],
)
def test_what_the_origin_may_answer_to_a_static_name(prefix, name, answered, failed):
    assert bool(served(prefix, name, answered)) is failed


@pytest.mark.parametrize(
    ("answered", "control"),
    [
        (answer("", b"<p>", 200, Content_Type="text/html"), answer("", b"<p>", 200, Content_Type="text/html")),
        (answer("", b"", 302, Location="/login/?next=/static/a.css"), answer("", b"", 302, Location="/login/?next=/x")),
        (answer("", b"no", 403), answer("", b"not you", 403)),
    ],
    ids=["a page for any name", "a login before everything", "denied for any name"],
)
def test_what_any_name_is_answered_with_is_no_file(answered, control):
    assert served("/static/", "a.css", answered, control=control) == ""
    assert served("/static/", "a.css", answered) != ""


@pytest.mark.parametrize(
    ("control", "name"),
    [
        (answer("", b"<p>", 200, Content_Type="text/html"), "a page for any name"),
        (answer("", b"x", 200, Content_Type="image/png"), "an image for any name"),
        (answer("", b"", 302, Location="https://static.example.com/x.css"), "the CDN for any name"),
    ],
)
def test_a_file_is_a_file_whatever_other_names_are_answered_with(control, name):
    assert served("/static/", "a.css", answer("", b"p{}", 200, Content_Type="text/css"), control=control), name


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503, 504])
def test_an_origin_that_does_not_answer_serves_nothing(status):
    assert served("/static/", "a.css", answer("", b"x" * bool(status), status)) == ""


def test_the_files_own_bytes_are_red_whatever_the_status():
    body = b"p{}"
    name = f"a.{hashlib.md5(body).hexdigest()[:12]}.css"
    manifest = Manifest([Entry(name, True, "staticfiles.json")])
    for asked in (name, "a.css"):
        assert served("/static/", asked, answer("", body, 404), manifest) == OWN_BYTES


def test_both_kinds_of_manifest_are_read(tmp_path):
    django, ours = tmp_path / "staticfiles.json", tmp_path / "objects.json"
    django.write_text(json.dumps({"paths": {"a.css": "a.0123456789ab.css"}}))
    known = {"md5": "0" * 32, "bytes": 1, "content_type": "text/css", "cache_control": IMMUTABLE}
    ours.write_text(json.dumps({"version": 1, "objects": {"static/b.0123456789ab.css": known}}))
    manifest = Manifest.load([django, ours])
    assert manifest.names == ["a.0123456789ab.css", "a.css", "b.0123456789ab.css", "b.css"]
    assert manifest.entries["b.0123456789ab.css"].content_type == "text/css"


def test_a_manifest_of_another_kind_is_rejected(tmp_path):
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(ValueError, match="neither"):
        Manifest.load([other])


@pytest.mark.parametrize(
    ("cache", "kept"),
    [
        ("public, max-age=31536000, immutable", True),
        ("public, max-age=60, immutable", False),
        ("immutable", False),
        ("private, max-age=31536000, immutable", False),
        ("public, max-age=31536000", False),
    ],
)
def test_a_hashed_name_is_kept_for_long_by_everybody(cache, kept):
    assert (Rule.NOT_IMMUTABLE not in checks("app.0123456789ab.js", Cache_Control=cache)) is kept


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("js/gone.js", b"<!DOCTYPE html><title>Not found</title>"),
        ("photo.png", b"\n <html><body>denied"),
        ("photo.png", b""),
        ("own.woff2", b""),
    ],
)
def test_an_error_page_or_nothing_under_a_files_name_and_type_is_found(name, body):
    (kind,) = headers.TYPES["." + name.rpartition(".")[2]] & {"text/javascript", "image/png", "font/woff2"}
    assert checks(name, body, Content_Type=kind, Cache_Control="public, max-age=300") == {Rule.HASH}


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("js/empty.js", b"", "text/javascript"),
        ("js/old.js", b"<!-- hidden from old browsers\nlet a = 1;", "text/javascript"),
        ("drawing.svg", b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" ""><svg/>', "image/svg+xml"),
    ],
)
def test_an_empty_script_and_what_begins_like_markup_may_be_meant(name, body, kind):
    assert checks(name, body, Content_Type=kind, Cache_Control="public, max-age=300") == set()


@pytest.mark.parametrize("status", [204, 206])
def test_an_answer_of_success_without_the_file_is_missing(status):
    url = "https://static.example.com/js/app.js"
    asset = Asset(url, "script", HOSTS.site, answers=[answer(url, b"", status)])
    (fact,) = judge_missing({url: asset}, [Reference(url, HOSTS.site, "<script src>", "script")], HOSTS, Manifest())
    assert fact.rule is Rule.MISSING and fact.what.endswith(f"answers {status}")


@pytest.mark.parametrize(("name", "otherwise"), [("a-abcdefgh.png", Rule.IMMUTABLE), ("a.0123456789ab.png", Rule.HASH)])
def test_a_bundler_s_hash_is_taken_as_one_and_its_bytes_are_compared_by_their_md5(name, otherwise, tmp_path):
    known = {"md5": hashlib.md5(b"x").hexdigest(), "content_type": "image/png", "cache_control": IMMUTABLE}
    path = tmp_path / "objects.json"
    for kept, expected in (({"kept": True}, set()), ({}, {otherwise})):
        path.write_text(json.dumps({"objects": {f"static/{name}": {**known, **kept}}}))
        manifest = Manifest.load([path])
        assert checks(name, b"x", manifest, Content_Type="image/png") == expected
    path.write_text(json.dumps({"objects": {f"static/{name}": {**known, "kept": True}}}))
    manifest = Manifest.load([path])
    assert checks(name, b"y", manifest, Content_Type="image/png") == {Rule.HASH}
    short = checks(name, b"x", manifest, Content_Type="image/png", Cache_Control="public, max-age=300")
    assert short == {Rule.NOT_IMMUTABLE}


@pytest.mark.parametrize(
    ("name", "hashed"), [("main.32a254affc0efa565312.js", True), ("main-CmtE_pzv.js", None), ("main.js", False)]
)
def test_a_name_that_the_storage_leaves_alone_is_judged_by_its_looks(name, hashed, tmp_path):
    path = tmp_path / "staticfiles.json"
    path.write_text(json.dumps({"paths": {name: name}}))
    assert Manifest.load([path]).entries[name].hashed is hashed
