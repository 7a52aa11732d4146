"""Which reads go out signed, and what the viewer sees when they do not."""

import pytest

from tests.unit.cdn.environment import ARN, BUCKET, CdnEnvironment


def test_a_private_bucket_answers_through_the_access_control(environment: CdnEnvironment):
    answer = environment.get("/a.css")
    assert answer.status == 200
    signed = environment.origin.requests[0].headers["Authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDCDN/")
    assert "/eu-central-1/s3/aws4_request" in signed


def test_the_origin_path_comes_before_the_viewers_path(environment: CdnEnvironment):
    environment.get("/a.css")
    assert environment.origin.requests[0].path == f"/{BUCKET}/static/a.css"


def test_another_origin_path_is_another_key(environment: CdnEnvironment):
    environment.s3_origin["OriginPath"] = "/static/old"
    assert environment.get("/a.css").status == 403
    assert environment.origin.requests[0].path == f"/{BUCKET}/static/old/a.css"


def test_without_an_access_control_the_read_is_unsigned_and_rejected(environment: CdnEnvironment):
    del environment.s3_origin["OriginAccessControlId"]
    assert environment.get("/a.css").status == 403
    assert "Authorization" not in environment.origin.requests[0].headers


def test_an_access_control_that_does_not_exist_signs_nothing(environment: CdnEnvironment):
    environment.s3_origin["OriginAccessControlId"] = "deleted"
    assert environment.get("/a.css").status == 403


@pytest.mark.parametrize(("behaviour", "status"), [("always", 200), ("no-override", 200), ("never", 403)])
def test_the_signing_behavior_decides(environment: CdnEnvironment, behaviour: str, status: int):
    environment.access_control["SigningBehavior"] = behaviour
    assert environment.get("/a.css").status == status


def test_an_access_control_for_another_kind_of_origin_signs_nothing(environment: CdnEnvironment):
    environment.access_control["OriginAccessControlOriginType"] = "mediastore"
    assert environment.get("/a.css").status == 403


def test_the_bucket_policy_must_name_this_distribution(environment: CdnEnvironment):
    statement = environment.bucket_policy["Statement"][0]
    statement["Condition"]["StringEquals"]["AWS:SourceArn"] = ARN + "X"
    assert environment.get("/a.css").status == 403


def test_the_bucket_policy_must_cover_the_key(environment: CdnEnvironment):
    environment.bucket_policy["Statement"][0]["Resource"] = f"arn:aws:s3:::{BUCKET}/media/public/*"
    assert environment.get("/a.css").status == 403


def test_a_deny_in_the_bucket_policy_wins(environment: CdnEnvironment):
    environment.bucket_policy["Statement"].append(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )
    assert environment.get("/a.css").status == 403


def test_a_missing_key_is_403_unless_the_policy_lets_the_distribution_list(environment: CdnEnvironment):
    assert environment.get("/missing.css").status == 403
    listing = environment.bucket_policy["Statement"][0] | {
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{BUCKET}",
    }
    environment.bucket_policy["Statement"].append(listing)
    assert environment.get("/missing-too.css").status == 404


def test_a_public_bucket_answers_unsigned_reads(environment: CdnEnvironment):
    del environment.s3_origin["OriginAccessControlId"]
    environment.origin.private = False
    assert environment.get("/a.css").status == 200


@pytest.mark.parametrize("path", ["/../media/a.css", "/x/../a.css", "//a.css", "/%2e%2e/static/a.css"])
def test_paths_are_literal_keys_that_climb_nowhere(environment: CdnEnvironment, path: str):
    assert environment.get(path).status == 403
    assert environment.origin.requests == []


def test_a_key_with_special_characters_is_found(environment: CdnEnvironment):
    environment.origin.put("/example-com/static/é +(1).css")
    assert environment.get("/%C3%A9%20+(1).css").status == 200


def test_no_override_lets_the_viewers_authorization_through_where_a_policy_forwards_it(environment: CdnEnvironment):
    environment.access_control["SigningBehavior"] = "no-override"
    environment.use_own_cache_policy()
    parameters = environment.cache_policy["ParametersInCacheKeyAndForwardedToOrigin"]
    parameters["HeadersConfig"] = {"HeaderBehavior": "whitelist", "Headers": {"Items": ["Authorization"]}}
    environment.get("/a.css", Authorization="Basic eA==")
    assert environment.origin.requests[0].headers["Authorization"] == "Basic eA=="
