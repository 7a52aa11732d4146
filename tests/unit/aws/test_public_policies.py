"""When the stand-in treats a bucket policy as public."""

import json

import pytest

from rehearsal.aws.buckets import is_public
from rehearsal.aws.shapes import ServiceError

EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


def public(**changes: object) -> bool:
    return is_public(json.dumps({"Statement": [EVERYBODY | changes]}))


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::1:root", "*"]}])
def test_an_allow_for_everybody_is_public(principal: object):
    assert public(Principal=principal)


def test_a_named_account_a_service_and_a_deny_are_not_public():
    assert not public(Principal={"AWS": "arn:aws:iam::123456789012:root"})
    assert not public(Principal={"Service": "cloudfront.amazonaws.com"})
    assert not public(Effect="Deny")


def test_everybody_behind_a_fixed_source_is_not_public_but_behind_any_other_condition_is():
    assert not public(Condition={"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}})
    assert public(Condition={"StringLike": {"aws:Referer": "https://www.example.com/*"}})


def test_a_single_statement_needs_no_list():
    assert is_public(json.dumps({"Statement": EVERYBODY}))


def test_what_is_no_json_is_rejected():
    with pytest.raises(ServiceError, match="MalformedPolicy"):
        is_public("{")
