"""Browser uploads: what a presigned POST form allows, and S3's error when it does not."""

import base64
import json
from collections.abc import Callable

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.aws import LocalAws
from tests.integration.aws.conftest import Calls
from tests.integration.aws.raw import Answer, ask

SITE = "https://www.example.com"
KEY = "media/incoming/form/photo.jpg"
Post = Callable[..., Answer]


@pytest.fixture
def upload_bucket(calls: Calls, bucket: str) -> str:
    rule = {"AllowedMethods": ["POST"], "AllowedOrigins": [SITE], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"]}
    calls.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    return bucket


@pytest.fixture
def form(calls: Calls, upload_bucket: str) -> dict[str, str]:
    """The fields of a form that the web process signed: 10 to 1,000 bytes of JPEG."""
    return presign(calls, upload_bucket)


@pytest.fixture
def post(aws: LocalAws, upload_bucket: str) -> Post:
    def send(fields: dict[str, str], body: bytes = b"z" * 100, path: str = "") -> Answer:
        boundary = "a-boundary"
        data = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        )
        file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
        data += file.encode() + body + f"\r\n--{boundary}--\r\n".encode()
        url = f"{aws.s3_url}/{upload_bucket}{path}"
        return ask("POST", url, data, Origin=SITE, Content_Type=f"multipart/form-data; boundary={boundary}")

    return send


def presign(calls: Calls, bucket: str, key: str = KEY, seconds: int = 300, identity: str = "web") -> dict[str, str]:
    s3 = calls.client("s3", identity, config=Config(signature_version="s3v4"))
    conditions = [["starts-with", "$key", "media/incoming/form/"], ["content-length-range", 10, 1000]]
    fields = {"Content-Type": "image/jpeg", "success_action_status": "201"}
    conditions += [{name: value} for name, value in fields.items()]
    return s3.generate_presigned_post(bucket, key, fields, conditions, seconds)["fields"]


def rejected(answer: Answer) -> tuple[int, str | None]:
    """Status and code of a rejection that the site's page may read."""
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    return answer.status, answer.code


def test_a_form_uploads_the_object(calls: Calls, upload_bucket: str, form: dict[str, str], post: Post):
    answer = post(form)
    assert answer.status == 201
    assert b"<Key>media/incoming/form/photo.jpg</Key>" in answer.body
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    stored = calls.client("s3").get_object(Bucket=upload_bucket, Key=KEY)
    assert (stored["Body"].read(), stored["ContentType"]) == (b"z" * 100, "image/jpeg")
    assert stored["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize(("asked", "status"), [("201", 201), ("200", 200), ("", 204)])
def test_the_answer_has_the_status_of_the_form(calls: Calls, upload_bucket: str, post: Post, asked: str, status: int):
    fields = {"success_action_status": asked} if asked else {}
    s3 = calls.client("s3", "web", config=Config(signature_version="s3v4"))
    signed = s3.generate_presigned_post(upload_bucket, KEY, fields, [fields] if fields else [])
    assert post(signed["fields"]).status == status


def test_the_file_may_name_the_key(calls: Calls, upload_bucket: str, post: Post):
    assert post(presign(calls, upload_bucket, "media/incoming/form/${filename}")).status == 201
    assert calls.client("s3").head_object(Bucket=upload_bucket, Key=KEY)


@pytest.mark.parametrize("size", [10, 1000])
def test_the_bounds_of_the_length_belong_to_it(form: dict[str, str], post: Post, size: int):
    assert post(form, b"z" * size).status == 201


@pytest.mark.parametrize(("size", "code"), [(9, "EntityTooSmall"), (1001, "EntityTooLarge")])
def test_a_length_out_of_range_is_rejected(form: dict[str, str], post: Post, size: int, code: str):
    assert rejected(post(form, b"z" * size)) == (400, code)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "static/photo.jpg"},
        {"key": "media/public/photo.jpg"},
        {"Content-Type": "text/html"},
        {"success_action_status": "200"},
        {"acl": "public-read"},
        {"x-amz-meta-note": "hello"},
    ],
)
def test_a_field_that_the_policy_does_not_allow_is_rejected(form: dict[str, str], post: Post, change: dict[str, str]):
    answer = post(form | change)
    assert rejected(answer) == (403, "AccessDenied")
    assert b"Invalid according to Policy" in answer.body


def test_a_field_left_out_is_rejected(form: dict[str, str], post: Post):
    del form["Content-Type"]
    assert rejected(post(form)) == (403, "AccessDenied")


def test_an_expired_form_is_rejected(calls: Calls, upload_bucket: str, post: Post):
    expired = presign(calls, upload_bucket, seconds=0)
    answer = post(expired)
    assert rejected(answer) == (403, "AccessDenied")
    assert b"Policy expired" in answer.body


def test_a_tampered_policy_or_signature_is_rejected(form: dict[str, str], post: Post):
    policy = json.loads(base64.b64decode(form["policy"]))
    policy["conditions"] = [["content-length-range", 0, 10**9]]
    wider = base64.b64encode(json.dumps(policy).encode()).decode()
    assert rejected(post(form | {"policy": wider})) == (403, "SignatureDoesNotMatch")
    assert rejected(post(form | {"x-amz-signature": "0" * 64})) == (403, "SignatureDoesNotMatch")


def test_a_form_without_policy_or_with_an_unknown_key_is_rejected(form: dict[str, str], post: Post):
    assert rejected(post({"key": KEY})) == (403, "AccessDenied")
    unknown = form["x-amz-credential"].replace("AKIASLIPWAYWEB", "AKIASTRANGER00")
    assert rejected(post(form | {"x-amz-credential": unknown})) == (403, "InvalidAccessKeyId")


def test_a_form_signed_by_the_old_signature_is_rejected(calls: Calls, upload_bucket: str, post: Post):
    s3 = calls.client("s3", "web", config=Config(signature_version="s3"))
    old = s3.generate_presigned_post(upload_bucket, KEY)["fields"]
    assert rejected(post(old)) == (400, "InvalidRequest")


def test_the_signer_needs_the_right_to_put_there(calls: Calls, upload_bucket: str, post: Post):
    s3 = calls.client("s3", "web", config=Config(signature_version="s3v4"))
    fields = s3.generate_presigned_post(upload_bucket, "static/evil.js")["fields"]
    assert rejected(post(fields)) == (403, "AccessDenied")
    with pytest.raises(ClientError, match="404"):
        calls.client("s3").head_object(Bucket=upload_bucket, Key="static/evil.js")


def test_a_form_without_file_or_out_of_shape_is_rejected(aws: LocalAws, upload_bucket: str):
    url = f"{aws.s3_url}/{upload_bucket}"
    kind = "multipart/form-data; boundary=b"
    empty = ask("POST", url, b"--b--\r\n", Content_Type=kind, Origin=SITE)
    assert rejected(empty) == (400, "InvalidArgument")
    assert rejected(ask("POST", url, b"nothing", Content_Type=kind, Origin=SITE))[0] == 400


@pytest.mark.parametrize("path", ["", "/"])
def test_a_preflight_of_the_sites_page_is_answered(aws: LocalAws, upload_bucket: str, path: str):
    answer = ask(
        "OPTIONS",
        f"{aws.s3_url}/{upload_bucket}{path}",
        Origin=SITE,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type, x-requested-with",
    )
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type, x-requested-with"


@pytest.mark.parametrize(("origin", "method"), [(SITE, "PUT"), ("https://evil.example", "POST")])
def test_a_preflight_that_no_rule_allows_is_rejected(aws: LocalAws, upload_bucket: str, origin: str, method: str):
    url = f"{aws.s3_url}/{upload_bucket}"
    answer = ask("OPTIONS", url, Origin=origin, Access_Control_Request_Method=method)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_another_sites_page_gets_no_cors_header(aws: LocalAws, upload_bucket: str):
    answer = ask("GET", f"{aws.s3_url}/{upload_bucket}/static/a", Origin="https://evil.example")
    assert answer.headers["Access-Control-Allow-Origin"] is None
