"""Two policies are the same when they allow and deny the same, whatever their form."""

import json

import pytest

from rehearsal.aws.policies import reshuffled
from slipway.tool.aws.policies import differences, same
from slipway.tool.cdn import iam_policies
from slipway.tool.cdn.bucket import policy
from slipway.tool.cdn.edges import edges
from tests.unit.aws.sites import ExampleSite

ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
SITE = ExampleSite()
OURS = {
    "static bucket": policy(SITE, edges(SITE)[0], ARN),
    "media bucket": policy(SITE, edges(SITE)[1], ARN),
    "deployer": iam_policies.deployer("b", "m", ARN, ARN),
    "pruner": iam_policies.pruner("b"),
    "web": iam_policies.web("m"),
    "trust": iam_policies.github("owner/name", "arn:aws:iam::123456789012:oidc-provider/x"),
}


def allow(**more: object) -> dict:
    one = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    return {"Version": "2012-10-17", "Statement": [{name: v for name, v in (one | more).items() if v is not None}]}


@pytest.mark.parametrize("name", OURS)
def test_each_policy_of_ours_is_the_same_in_the_form_that_aws_sends_back(name: str):
    sent_back = reshuffled(OURS[name])
    assert sent_back != OURS[name]
    assert same(sent_back, OURS[name]) and same(json.dumps(sent_back), OURS[name])
    assert differences(sent_back, OURS[name]) == []


@pytest.mark.parametrize(
    "other",
    [
        allow(Action=["s3:getobject"]),
        allow(Action=["s3:GetObject", "S3:GetObject"]),
        allow(Resource=["arn:aws:s3:::b/*"]),
        allow(Principal="*"),
        allow(Principal={"AWS": ["*"]}),
        allow(Sid="AnyName"),
        {"Version": "2012-10-17", "Id": "x", "Statement": allow()["Statement"][0]},
        {"Version": "2012-10-17", "Statement": allow()["Statement"] * 2},
        {"Version": "2008-10-17", "Statement": allow()["Statement"]},
    ],
)
def test_the_same_in_another_form(other: dict):
    assert same(other, allow())


def test_several_actions_in_one_statement_are_several_statements():
    both = allow(Action=["s3:GetObject", "s3:PutObject"])
    split = allow()["Statement"] + allow(Action="s3:PutObject")["Statement"]
    assert same(both, {"Version": "2012-10-17", "Statement": split})


def test_an_account_is_its_number_or_its_root():
    number, root = ({"AWS": one} for one in ("123456789012", "arn:aws:iam::123456789012:root"))
    assert same(allow(Principal=number), allow(Principal=root))
    assert not same(allow(Principal={"AWS": "AIDAEXAMPLEDELETED00"}), allow(Principal=root))


def test_a_condition_is_the_same_whatever_the_case_of_its_key_and_the_form_of_its_value():
    one = allow(Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"AWS:SourceArn": ["b", "a"]}})
    other = allow(Condition={"StringEquals": {"aws:sourcearn": ["a", "b"]}, "Bool": {"aws:securetransport": [False]}})
    assert same(one, other)
    assert not same(
        allow(Condition={"StringEquals": {"aws:SourceArn": "A"}}),
        allow(Condition={"StringEquals": {"aws:SourceArn": "a"}}),
    )


@pytest.mark.parametrize(
    "other",
    [
        allow(Effect="Deny"),
        allow(Action=["s3:GetObject", "s3:PutObject"]),
        allow(Action=None, NotAction="s3:GetObject"),
        allow(Resource="arn:aws:s3:::B/*"),
        allow(Resource=None, NotResource="arn:aws:s3:::b/*"),
        allow(Principal={"Service": "*"}),
        allow(Principal=None, NotPrincipal={"AWS": "*"}),
        allow(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        {"Version": "2012-10-17", "Statement": []},
    ],
)
def test_another_meaning_is_a_difference_each_way(other: dict):
    assert not same(other, allow())
    assert differences(other, allow()) and differences(allow(), other)


def test_two_exemptions_are_not_one_after_another():
    both = allow(Action=None, NotAction=["s3:GetObject", "s3:PutObject"])
    split = [
        *allow(Action=None, NotAction="s3:GetObject")["Statement"],
        *allow(Action=None, NotAction="s3:PutObject")["Statement"],
    ]
    assert not same(both, {"Version": "2012-10-17", "Statement": split})


def test_a_difference_is_told_as_it_was_written():
    more = allow(Action=["s3:GetObject", "s3:PutObject"])
    assert differences(more, allow()) == ["Allow s3:PutObject on arn:aws:s3:::b/* for everybody: should not be there"]
    assert differences(None, allow()) == ["Allow s3:GetObject on arn:aws:s3:::b/* for everybody: is missing"]
