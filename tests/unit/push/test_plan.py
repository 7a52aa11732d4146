import pytest

from slipway.tool.push.plan import make_plan
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject

HASHED = StaticObject.hashed("a.0123456789ab.css", b"a{}")
UNHASHED = StaticObject.unhashed("robots.txt", b"User-agent: *")


def as_found(*objects):
    return {obj.key: (obj.md5, len(obj.body)) for obj in objects}


def test_an_empty_bucket_gets_everything_hashed_names_apart_from_unhashed_ones():
    plan = make_plan([UNHASHED, HASHED], {}, "b")
    assert (plan.total, plan.hashed, plan.unhashed) == (2, [HASHED], [UNHASHED])


def test_what_the_bucket_holds_already_is_not_sent():
    plan = make_plan([UNHASHED, HASHED], as_found(UNHASHED, HASHED), "b")
    assert (plan.total, plan.hashed, plan.unhashed) == (2, [], [])


def test_an_unhashed_file_is_sent_when_its_bytes_differ():
    older = StaticObject.unhashed("robots.txt", b"User-agent: x")
    assert len(older.body) == len(UNHASHED.body)
    assert make_plan([UNHASHED], as_found(older), "b").unhashed == [UNHASHED]


@pytest.mark.parametrize(
    "there",
    [("0" * 32, len(HASHED.body)), (HASHED.md5, len(HASHED.body) - 1)],
    ids=["another ETag", "another size"],
)
def test_a_hashed_name_that_holds_other_bytes_stops_the_push(there):
    with pytest.raises(SlipwayError) as caught:
        make_plan([HASHED], {HASHED.key: there}, "example-com")
    assert "s3://example-com/static/a.0123456789ab.css" in str(caught.value)
    assert "never overwritten" in str(caught.value)
    assert "build the front end again, or list the name in SLIPWAY_UNHASHED" in str(caught.value)


def test_objects_of_older_releases_are_left_alone():
    older = StaticObject.hashed("a.ba9876543210.css", b"older")
    plan = make_plan([HASHED], as_found(older, HASHED), "b")
    assert (plan.hashed, plan.unhashed) == ([], [])


def test_one_name_with_two_contents_is_rejected():
    with pytest.raises(SlipwayError, match=r"s3://b/static/robots\.txt"):
        make_plan([UNHASHED, StaticObject.unhashed("robots.txt", b"other")], {}, "b")


def test_the_same_object_twice_counts_once():
    plan = make_plan([HASHED, HASHED], {}, "b")
    assert (plan.total, plan.hashed) == (1, [HASHED])


def test_where_an_etag_is_no_md5_a_hashed_name_of_the_same_size_is_there_already():
    plan = make_plan([HASHED], {HASHED.key: ("f" * 32, len(HASHED.body))}, "b", md5=False)
    assert plan.hashed == []
    with pytest.raises(SlipwayError, match="never overwritten"):
        make_plan([HASHED], {HASHED.key: ("f" * 32, len(HASHED.body) + 1)}, "b", md5=False)


def test_where_an_etag_is_no_md5_an_unhashed_file_is_always_sent():
    found = {UNHASHED.key: ("f" * 32, len(UNHASHED.body))}
    assert make_plan([UNHASHED], found, "b", md5=False).unhashed == [UNHASHED]


RECORDED = {UNHASHED.key: UNHASHED.headers, HASHED.key: HASHED.headers}


def test_an_unhashed_file_is_sent_when_its_headers_differ_or_are_not_known():
    plan = make_plan([UNHASHED, HASHED], as_found(UNHASHED, HASHED), "b", headers=RECORDED)
    assert (plan.hashed, plan.unhashed) == ([], [])
    for known in ({UNHASHED.key: ("text/plain", UNHASHED.cache_control)}, {}):
        plan = make_plan([UNHASHED, HASHED], as_found(UNHASHED, HASHED), "b", headers=known)
        assert (plan.hashed, plan.unhashed) == ([], [UNHASHED])


@pytest.mark.parametrize("md5", [True, False])
def test_a_hashed_name_with_other_headers_stops_the_push_and_says_what_gives_it_another(md5):
    there = {HASHED.key: ("text/plain", HASHED.cache_control)}
    says = (
        r"as text/plain; .* would now be text/css; .*is never overwritten: its hash is a bundler's, .*; change the file"
    )
    with pytest.raises(SlipwayError, match=says) as caught:
        make_plan([HASHED], as_found(HASHED), "b", headers=there, md5=md5)
    assert "\n" not in str(caught.value)
