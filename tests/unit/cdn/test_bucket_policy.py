"""Bucket policies, evaluated for cloudfront.amazonaws.com and one distribution."""

import copy

import pytest

from rehearsal.cdn.bucket_policy import allows
from tests.unit.cdn.environment import ARN, BUCKET, BUCKET_POLICY

KEY = f"arn:aws:s3:::{BUCKET}/static/a.css"
CONTEXT = {"aws:sourcearn": ARN, "aws:sourceaccount": "123456789012", "aws:securetransport": "true"}


def decide(*, key: str = KEY, context: dict | None = None, **changes: object) -> bool:
    policy = copy.deepcopy(BUCKET_POLICY)
    statement = policy["Statement"][0]
    statement.update(changes)
    policy["Statement"] = [{name: value for name, value in statement.items() if value is not None}]
    return allows(policy, "s3:GetObject", key, CONTEXT | (context or {}))


def test_the_policy_of_the_documentation_allows():
    assert decide()


@pytest.mark.parametrize("action", ["s3:Get*", ["s3:PutObject", "s3:GetObject"], "s3:getobject", "*"])
def test_actions_match_by_wildcard_list_and_any_case(action: object):
    assert decide(Action=action)


def test_another_action_does_not_allow():
    assert not decide(Action="s3:PutObject")


def test_resources_match_by_case():
    assert not decide(key=KEY.replace("static", "Static"))


def test_arn_like_takes_a_wildcard_and_string_equals_does_not():
    pattern = "arn:aws:cloudfront::123456789012:distribution/*"
    assert decide(Condition={"ArnLike": {"aws:SourceArn": pattern}})
    assert not decide(Condition={"StringEquals": {"aws:SourceArn": pattern}})


def test_every_condition_must_hold():
    condition = {"StringEquals": {"AWS:SourceArn": ARN, "AWS:SourceAccount": "999999999999"}}
    assert not decide(Condition=condition)


def test_an_allow_without_source_arn_is_none():
    assert not decide(Condition=None)


def test_an_unknown_operator_never_allows():
    assert not decide(Condition={"StringSounds": {"AWS:SourceArn": ARN}})


def test_an_unknown_operator_always_denies():
    policy = copy.deepcopy(BUCKET_POLICY)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    policy["Statement"].append(deny | {"Condition": {"DateSounds": {"AWS:SourceArn": "x"}}})
    assert not allows(policy, "s3:GetObject", KEY, CONTEXT)


def test_another_services_allow_is_none():
    assert not decide(Principal={"Service": "logging.s3.amazonaws.com"})


def test_an_everybody_allow_is_the_buckets_own_matter():
    assert not decide(Principal="*", Condition=None)


def test_a_deny_for_plain_http_spares_https():
    policy = copy.deepcopy(BUCKET_POLICY)
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}
    policy["Statement"].append(deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    assert allows(policy, "s3:GetObject", KEY, CONTEXT)
    assert not allows(policy, "s3:GetObject", KEY, CONTEXT | {"aws:securetransport": "false"})


def test_an_empty_policy_allows_nothing():
    assert not allows({}, "s3:GetObject", KEY, CONTEXT)
