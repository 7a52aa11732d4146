"""Ways to break a deployment, each exactly one change to the running stage, undone at the end."""

import json
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from rehearsal.stage import ROOT, Stage
from rehearsal.unpack import unpack

# What a server that serves static files itself would have on its disk.
ASSETS = ROOT / "project" / "assets"


@contextmanager
def static_url_on_the_origin(stage: Stage) -> Iterator[None]:
    """m1: the web process runs with STATIC_URL=/static/."""
    with _web_environment(stage, {"STATIC_URL": "/static/"}):
        yield


@contextmanager
def hard_coded_template(stage: Stage) -> Iterator[None]:
    """m2: one template names a script by its path."""
    with _edited(stage, "project/templates/wall/home.html", _at_the_end('<script src="/static/js/old.js"></script>')):
        yield


@contextmanager
def nginx_alias(stage: Stage) -> Iterator[None]:
    """m3: nginx serves static files itself."""
    location = f"location /static/ {{ alias {ASSETS}/; }}\n        location / {{\n            proxy_pass"
    conf = stage.directory / "nginx.conf"
    before = conf.read_text()
    conf.write_text(re.sub(r"location / \{\s+proxy_pass", lambda _: location, before))
    stage.restart_nginx()
    try:
        yield
    finally:
        conf.write_text(before)
        stage.restart_nginx()


@contextmanager
def whitenoise(stage: Stage) -> Iterator[None]:
    """m4: WhiteNoise in MIDDLEWARE serves static files."""
    lines = (
        "\nMIDDLEWARE.insert(1, 'whitenoise.middleware.WhiteNoiseMiddleware')\n"
        f"WHITENOISE_STATIC_PREFIX = '/static/'\nSTATIC_ROOT = {str(ASSETS)!r}\n"
    )
    with _edited(stage, "project/settings.py", lambda text: text + lines):
        yield


@contextmanager
def no_cors(stage: Stage) -> Iterator[None]:
    """m9: the static distribution sends no CORS headers."""
    client = _client(stage, "cloudfront")
    distribution = _provisioned(stage)["static"]["distribution_id"]
    config, etag = _distribution(client, distribution)
    policy = config["DefaultCacheBehavior"].pop("ResponseHeadersPolicyId")
    client.update_distribution(Id=distribution, IfMatch=etag, DistributionConfig=config)
    try:
        yield
    finally:
        config, etag = _distribution(client, distribution)
        config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = policy
        client.update_distribution(Id=distribution, IfMatch=etag, DistributionConfig=config)


@contextmanager
def missing_object(stage: Stage) -> Iterator[None]:
    """m13: the push missed one file that a page names."""
    with _changed_object(stage, r"static/img/.+\.(webp|jpg|png|svg)", None):
        yield


@contextmanager
def switch_before_push(stage: Stage) -> Iterator[None]:
    """m15: the next release serves, and its static files are not pushed yet."""
    before = stage.current.rename(stage.directory / "before")
    try:
        with tempfile.TemporaryDirectory() as directory:
            _unpushed_release(stage, Path(directory), stage.current)
        stage.restart_gunicorn()
        yield
    finally:
        shutil.rmtree(stage.current)
        before.rename(stage.current)
        stage.restart_gunicorn()


def _unpushed_release(stage: Stage, directory: Path, target: Path) -> None:
    """A release of the checkout with one stylesheet changed, built and unpacked but not pushed."""
    for name in ("deploy", "project"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "site.yml"):
        shutil.copy(ROOT / name, directory)
    with (directory / "project" / "assets" / "css" / "base.css").open("a") as sheet:
        sheet.write("\n.next { color: teal }\n")
    env = {"SLIPWAY_BUILD": str(directory / "build")}
    manage = [sys.executable, "manage.py"]
    for command in (["collectstatic", "--noinput", "--build-only"], ["release", "build/release.tar.gz"]):
        stage.run([*manage, *command], identity="deployer", env=env, cwd=directory, log=command[0])
    with tarfile.open(directory / "build" / "release.tar.gz") as archive:
        unpack(archive, target)


@contextmanager
def short_max_age(stage: Stage) -> Iterator[None]:
    """m18: a hashed object is cached for a minute only."""
    with _changed_object(stage, r"static/CACHE/css/.+\.css", {"CacheControl": "public, max-age=60"}):
        yield


@contextmanager
def old_signature(stage: Stage) -> Iterator[None]:
    """m28: upload forms are signed with Signature Version 2."""
    with _edited(stage, "deploy/media/client.py", lambda text: text.replace('"s3v4"', '"s3"')):
        yield


@contextmanager
def no_upload_limit(stage: Stage) -> Iterator[None]:
    """m34: the signed policy bounds no size."""
    bound = ', ["content-length-range", 1, limit]'
    with _edited(stage, "deploy/media/bucket.py", lambda text: text.replace(bound, "")):
        yield


@contextmanager
def not_found_page_without_icon(stage: Stage) -> Iterator[None]:
    """m22: the 404 page loses its icon, so the browser asks for /favicon.ico."""

    def strip(text: str) -> str:
        return "<!doctype html><html lang='en'><head><title>Not found</title></head><body>Not found</body></html>"

    with _edited(stage, "project/templates/404.html", strip):
        yield


@contextmanager
def dense_screens_leak(stage: Stage) -> Iterator[None]:
    """m23: a srcset's 2x candidate stands on the origin."""
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
    image = f'<img alt="" width="1" height="1" src="{pixel}" srcset="/static/dense.png 2x">'
    with _edited(stage, "project/templates/wall/home.html", _at_the_end(image)):
        yield


@contextmanager
def media_on_the_origin(stage: Stage) -> Iterator[None]:
    """m27: photos are served from the server's disk."""
    with _web_environment(stage, {"MEDIA_URL": f"{stage.site.site_url}/media/"}):
        yield


BREAKS = {
    "m1": static_url_on_the_origin,
    "m2": hard_coded_template,
    "m3": nginx_alias,
    "m4": whitenoise,
    "m9": no_cors,
    "m13": missing_object,
    "m15": switch_before_push,
    "m18": short_max_age,
    "m22": not_found_page_without_icon,
    "m23": dense_screens_leak,
    "m27": media_on_the_origin,
}
# The smoke suite adds nothing to a site, so an upload is tried by a witness of its own.
UPLOAD_BREAKS = {
    "m28": old_signature,
    "m34": no_upload_limit,
}


# How the stage is changed, and changed back.


@contextmanager
def _web_environment(stage: Stage, env: dict[str, str]) -> Iterator[None]:
    stage.restart_gunicorn(env=env)
    try:
        yield
    finally:
        stage.restart_gunicorn()


@contextmanager
def _edited(stage: Stage, name: str, change) -> Iterator[None]:
    file: Path = stage.current / name
    before = file.read_text()
    after = change(before)
    assert after != before, f"{name} has no place for the change"
    file.write_text(after)
    stage.restart_gunicorn()
    try:
        yield
    finally:
        file.write_text(before)
        stage.restart_gunicorn()


@contextmanager
def _changed_object(stage: Stage, pattern: str, headers: dict[str, str] | None) -> Iterator[None]:
    """The first object whose key fits ``pattern`` is there with other headers, or not at all for None."""
    bucket, key = stage.site.bucket, _key(stage, pattern)
    client = _client(stage, "s3")
    body, before = _stored(client, stage, key)
    if headers is None:
        client.delete_object(Bucket=bucket, Key=key)
    else:
        client.put_object(Bucket=bucket, Key=key, Body=body, **before | headers)
    _invalidate(stage)
    try:
        yield
    finally:
        client.put_object(Bucket=bucket, Key=key, Body=body, **before)
        _invalidate(stage)


def _at_the_end(markup: str):
    """Puts ``markup`` at the end of the template's content block."""

    def change(text: str) -> str:
        head, block, tail = text.rpartition("{% endblock")
        return head + markup + block + tail

    return change


def _client(stage: Stage, service: str):
    env = stage.environment("admin")
    port = stage.ports["s3" if service == "s3" else "control"]
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=stage.site.region,
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def _provisioned(stage: Stage) -> dict:
    return json.loads((stage.directory / "provisioned.json").read_text())


def _distribution(client, distribution: str) -> tuple[dict, str]:
    answer = client.get_distribution_config(Id=distribution)
    return answer["DistributionConfig"], answer["ETag"]


def _key(stage: Stage, pattern: str) -> str:
    objects = json.loads((stage.build / "manifests" / "objects.json").read_text())["objects"]
    return next(key for key in objects if re.fullmatch(pattern, key))


def _stored(client, stage: Stage, key: str) -> tuple[bytes, dict[str, str]]:
    answer = client.get_object(Bucket=stage.site.bucket, Key=key)
    headers = {"ContentType": answer["ContentType"], "CacheControl": answer["CacheControl"]}
    return answer["Body"].read(), headers


def _invalidate(stage: Stage) -> None:
    """Empties the edge, so that it shows what the bucket holds now."""
    client = _client(stage, "cloudfront")
    distribution = _provisioned(stage)["static"]["distribution_id"]
    client.create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(id(object()))},
    )
