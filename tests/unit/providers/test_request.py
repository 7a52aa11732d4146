"""A request to a provider's API: what is retried, and the error message."""

import pytest

from slipway.tool.providers.request import ATTEMPTS, MAX_WAIT, post
from slipway.web.errors import SlipwayError
from tests.unit.push.wire import Answered


def test_a_transient_error_is_retried_after_the_apis_retry_after(api):
    answers = {1: Answered(429, headers={"Retry-After": "4"}), 2: Answered(500), 3: Answered(body=b'{"id": 1}')}
    api.answering = lambda asked: answers[asked.number]
    assert post(api.url, dict) == {"id": 1}
    assert api.waited == [4.0, 2.0]


def test_no_api_makes_us_wait_for_long(api):
    api.answering = lambda asked: Answered(429, headers={"Retry-After": "3600"})
    with pytest.raises(SlipwayError, match="429"):
        post(api.url, dict)
    assert api.waited == [MAX_WAIT] * (ATTEMPTS - 1)


def test_a_rejection_is_not_tried_again(api):
    api.answering = lambda asked: Answered(401, b'{"msg": "Provided credentials are missing or invalid"}')
    with pytest.raises(SlipwayError, match=r"127\.0\.0\.1: 401 Provided credentials are missing or invalid"):
        post(api.url, dict)
    assert len(api.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"errors": null}', b'{"errors": ["x"]}', b'{"title": 5}'])
def test_an_answer_of_any_form_makes_one_line(api, body):
    api.answering = lambda asked: Answered(502, body)
    with pytest.raises(SlipwayError) as caught:
        post(api.url, dict)
    assert str(caught.value).startswith("cannot purge by 127.0.0.1: 502")
    assert "\n" not in str(caught.value)


def test_no_answer_makes_one_line_without_the_headers(api):
    api.answering = lambda asked: None
    with pytest.raises(SlipwayError) as caught:
        post(api.url, lambda: {"Authorization": "Bearer the-token"})
    assert "no answer" in str(caught.value)
    assert "the-token" not in str(caught.value)
    assert len(api.asked) == ATTEMPTS
