import pytest

from slipway.tool.aws.identity import Identity
from slipway.tool.push import Bucket
from slipway.tool.push.s3 import S3
from slipway.web.errors import SlipwayError
from tests.unit.push.wire import Answered, wire


@pytest.mark.parametrize(
    ("name", "region", "url"),
    [
        ("example-com", "eu-central-1", "https://example-com.s3.eu-central-1.amazonaws.com"),
        ("example.com", "eu-central-1", "https://s3.eu-central-1.amazonaws.com/example.com"),
        ("example-com", "cn-north-1", "https://example-com.s3.cn-north-1.amazonaws.com.cn"),
    ],
    ids=["virtual host", "path style for a name with dots", "another partition"],
)
def test_aws_is_addressed_as_botocore_does_it(name, region, url):
    access = Bucket(name, region).access()
    assert (access.url, access.region) == (url, region)


def test_a_custom_endpoint_is_addressed_by_path(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:8002")
    assert Bucket("example-com").access().url == "http://127.0.0.1:8002/example-com"


def test_a_request_of_the_client_carries_no_checksum_that_only_amazon_knows(monkeypatch):
    with wire(lambda asked: Answered()) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        Identity().client("s3").put_object(Bucket="example-com", Key="x", Body=b"x")
    (asked,) = served.asked
    assert [name for name in asked.headers if "checksum" in name.lower() or "trailer" in name.lower()] == []
    assert (asked.body, asked.headers.get("Transfer-Encoding")) == (b"x", None)


def test_the_region_comes_from_the_environment_unless_it_is_given():
    assert Bucket("example-com").access().region == "eu-central-1"
    assert Bucket("example-com", "us-west-2").access().region == "us-west-2"


def test_a_profile_gives_region_endpoint_and_temporary_credentials(monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text(
        "[profile deployer]\nregion = eu-west-3\nservices = here\n"
        "aws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = s\naws_session_token = token\n"
        "[services here]\ns3 =\n  endpoint_url = http://127.0.0.1:9\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "deployer")
    access = Bucket("b-b").access()
    assert (access.url, access.region) == ("http://127.0.0.1:9/b-b", "eu-west-3")
    assert access.credentials.token == "token"


def test_the_ca_bundle_and_the_proxy_of_the_environment_are_used(monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/own-ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    access = Bucket("example-com").access()
    assert access.verify == "/etc/own-ca.pem"
    assert access.proxies["https"] == "http://proxy.example.com:3128"


def test_missing_credentials_are_an_error_in_one_line(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SlipwayError, match=r"s3://example-com/.*AWS_ACCESS_KEY_ID"):
        S3(Bucket("example-com"))


def test_an_unknown_profile_is_named(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SlipwayError, match=r"example-com.*nobody"):
        S3(Bucket("example-com"))


def test_an_invalid_bucket_name_is_an_error_in_one_line():
    with pytest.raises(SlipwayError, match="no such_bucket!"):
        S3(Bucket("no such_bucket!"))
