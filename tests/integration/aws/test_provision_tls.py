"""Provisioning a site over https: the certificate first, then TLS to the bucket alone."""

import ipaddress
import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rehearsal.aws import LocalAws, start
from slipway.tool.cdn import certificate, cloudfront, waiting
from slipway.tool.cdn.bucket import policy
from slipway.tool.cdn.edges import edges
from slipway.web.errors import SlipwayError
from tests.integration.aws.conftest import Calls
from tests.unit.aws.sites import ExampleSite


@pytest.fixture(scope="module")
def tls_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """S3 over TLS, and an ACM that issues a certificate as soon as it is asked again."""
    directory = tmp_path_factory.mktemp("tls")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_ACM_VALIDATION_WAIT", "0")
        with start(directory / "aws", tls=_certificate(directory)) as local:
            yield local


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL", 0.01)


@pytest.fixture
def secure_site(site: ExampleSite) -> ExampleSite:
    return replace(site, scheme="https")


@pytest.mark.usefixtures("account")
def test_a_certificate_is_requested_once_and_its_records_are_named(
    calls: Calls, secure_site: ExampleSite, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(certificate, "ISSUED_WITHIN", 0)
    for _ in range(2):
        with pytest.raises(SlipwayError, match="is not issued yet: check that these DNS records resolve") as caught:
            cloudfront.provision(secure_site)
        assert f"static.{secure_site.domain}" in str(caught.value)
        assert " CNAME " in str(caught.value)
        assert "\n" not in str(caught.value)
    acm = boto3.client("acm", endpoint_url=calls.aws.control_url, region_name="us-east-1", **_keys(calls.aws))
    listed = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1", "RSA_2048"]})["CertificateSummaryList"]
    assert len([c for c in listed if c["DomainName"] == f"static.{secure_site.domain}"]) == 1


def test_an_issued_certificate_is_used_and_plain_http_to_the_bucket_rejected(
    tls_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, secure_site: ExampleSite
):
    for name, value in tls_aws.env.items():
        monkeypatch.setenv(name, value)
    lines = []
    assert cloudfront.provision(secure_site, say=lines.append).changes
    assert any(f"static.{secure_site.domain} CNAME " in line for line in lines)
    assert cloudfront.provision(secure_site).changes == ()
    described = cloudfront.describe(secure_site)
    for kind in ("static", "media"):
        config = described[kind]["config"]
        assert config["ViewerCertificate"]["ACMCertificateArn"].startswith("arn:aws:acm:us-east-1:")
        assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
        assert described[kind]["bucket"]["policy"]["Statement"][-1]["Sid"] == "TlsOnly"
    boto3.Session().client("s3").put_object(Bucket=secure_site.bucket, Key="static/a", Body=b"a")


def test_a_tls_only_bucket_rejects_plain_http(aws: LocalAws, calls: Calls, bucket: str):
    s3 = calls.client("s3")
    document = policy(ExampleSite(name=bucket), edges(ExampleSite(name=bucket))[0], "arn")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="static/a", Body=b"a")


def test_the_bucket_of_backups_takes_the_servers_key_over_tls_and_nobody_over_plain_http(
    tls_aws: LocalAws, calls: Calls, monkeypatch: pytest.MonkeyPatch, secure_site: ExampleSite
):
    for name, value in tls_aws.env.items():
        monkeypatch.setenv(name, value)
    site = replace(secure_site, backup_bucket=f"{secure_site.name}-backups")
    cloudfront.provision(site)
    assert cloudfront.provision(site).changes == ()
    admin = boto3.Session().client("s3")
    assert admin.get_bucket_versioning(Bucket=site.backup_bucket)["Status"] == "Enabled"
    for name, value in tls_aws.env_of("backup").items():
        monkeypatch.setenv(name, value)
    over_tls, info = boto3.Session().client("s3"), "database/0001/backup/site/backup.info"
    over_tls.put_object(Bucket=site.backup_bucket, Key=info, Body=b"a")
    assert over_tls.get_object(Bucket=site.backup_bucket, Key=info)["Body"].read() == b"a"
    # The same bucket and policy at the stand-in that speaks plain http.
    plain = calls.client("s3")
    where = {"LocationConstraint": tls_aws.region}
    plain.create_bucket(Bucket=site.backup_bucket, CreateBucketConfiguration=where)
    wanted = admin.get_bucket_policy(Bucket=site.backup_bucket)["Policy"]
    plain.put_bucket_policy(Bucket=site.backup_bucket, Policy=wanted)
    for identity in ("backup", "restorer", "admin"):
        with pytest.raises(ClientError, match="AccessDenied"):
            calls.client("s3", identity).put_object(Bucket=site.backup_bucket, Key="database/0001-at-1/a", Body=b"a")


def test_the_s3_endpoint_shows_its_certificate(tls_aws: LocalAws):
    host, port = tls_aws.s3_url.removeprefix("https://").split(":")
    shown = ssl.get_server_certificate((host, int(port)))
    assert shown.strip() == tls_aws.certificate.read_text().strip()


def _keys(aws: LocalAws) -> dict[str, str]:
    return {
        "aws_access_key_id": aws.env["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": aws.env["AWS_SECRET_ACCESS_KEY"],
    }


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local S3")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = directory / "certificate.pem", directory / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return files
