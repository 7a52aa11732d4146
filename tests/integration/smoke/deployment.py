"""The fixture site as a deployment that tests change, prove and change back."""

import json
import re
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests

from rehearsal.local_site import LocalSite
from static_smoke.options import Options, find_browser
from static_smoke.report.page import write
from static_smoke.run import run

# The admin's two hundred files are other tests' business: the canary asks the origin thrice for each name.
LEFT_OUT = "static/admin/"
# Options of a run that sees photos too.
WITH_PHOTOS = {"paths": ("/photos/",), "max_pages": 2}


class Deployment:
    """``local_site`` is up. Every way to change it is a block, at whose end it is as it was."""

    def __init__(self, local_site: LocalSite, directory: Path) -> None:
        self.local_site = local_site
        self.directory = directory
        self.manifest = directory / "objects.json"
        document = json.loads((local_site.build / "manifests" / "objects.json").read_text())
        self.objects = {key: it for key, it in document["objects"].items() if not key.startswith(LEFT_OUT)}
        self.manifest.write_text(json.dumps(document | {"objects": self.objects}))
        # A client costs half a second of the processor.
        self._clients: dict[str, Any] = {}
        self.provisioned = self.describe()

    def prove(self, **changes: Any) -> dict:
        """smoke.json of a run over the home page and the error pages; ``changes`` are further options."""
        site, www = self.local_site.site, self.local_site.ports["www"]
        given = {
            "static": f"{site.static_url}/",
            "media": f"{site.media_url}/",
            "origin": f"http://127.0.0.1:{www}/",
            "origin_log": self.local_site.origin_log,
            "manifests": (self.manifest,),
            "provisioned": self.provisioned,
            "browser": find_browser(),
            "max_pages": 1,
            "full_pages": 0,
        }
        verdict = run(Options(f"{site.site_url}/", **given | changes))
        write(verdict, self.directory / "report")
        return json.loads((self.directory / "report" / "smoke.json").read_text())

    def describe(self) -> Path:
        """What is provisioned now, as a file for the suite."""
        command = [sys.executable, "-m", "slipway.tool", "describe"]
        path = Path(tempfile.mkdtemp(dir=self.directory)) / "provisioned.json"
        path.write_text(self.local_site.run(command, identity="admin", capture=True, log="describe"))
        return path

    # The web process.

    @contextmanager
    def environment(self, **env: str) -> Iterator[None]:
        """The web process runs with further variables."""
        self.local_site.restart_gunicorn(env=env)
        try:
            yield
        finally:
            self.local_site.restart_gunicorn()

    @contextmanager
    def edited(self, changes: dict[str, Callable[[str], str]]) -> Iterator[None]:
        """Files of the release on the server, by name, with their text changed."""
        files = {self.local_site.current / name: change for name, change in changes.items()}
        before = {file: file.read_text() for file in files}
        for file, change in files.items():
            after = change(before[file])
            assert after != before[file], f"{file.name} has no place for the change"
            file.write_text(after)
        self.local_site.restart_gunicorn()
        try:
            yield
        finally:
            for file, text in before.items():
                file.write_text(text)
            self.local_site.restart_gunicorn()

    @contextmanager
    def nginx(self, pattern: str, replacement: str) -> Iterator[None]:
        """nginx with one place of its configuration written otherwise."""
        conf = self.local_site.directory / "nginx.conf"
        before = conf.read_text()
        after, count = re.subn(pattern, lambda _: replacement, before)
        assert count == 1, f"{pattern} is {count} times in nginx.conf"
        conf.write_text(after)
        self.local_site.restart_nginx()
        try:
            yield
        finally:
            conf.write_text(before)
            self.local_site.restart_nginx()

    # The bucket.

    @contextmanager
    def stored(self, key: str, body: Callable[[bytes], bytes] | None = None, **headers: str) -> Iterator[None]:
        """One object with another body, or with further headers of PutObject."""
        with self._put_back(key) as (original, before):
            changed = body(original) if body else original
            self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=changed, **before | headers)
            self.invalidate()
            yield

    @contextmanager
    def removed(self, key: str) -> Iterator[None]:
        """One object that is not there."""
        with self._put_back(key):
            self.client("s3").delete_object(Bucket=self.bucket, Key=key)
            self.invalidate()
            yield

    @contextmanager
    def _put_back(self, key: str) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Body and headers of an object, which is what it was again afterwards."""
        original, before = self._object(key)
        try:
            yield original, before
        finally:
            self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=original, **before)
            self.invalidate()

    def key(self, pattern: str) -> str:
        """The first key of the release that fits the whole pattern."""
        return next(key for key in self.objects if re.fullmatch(pattern, key))

    def _object(self, key: str) -> tuple[bytes, dict[str, str]]:
        answer = self.client("s3").get_object(Bucket=self.bucket, Key=key)
        return answer["Body"].read(), {name: answer[name] for name in ("ContentType", "CacheControl")}

    @property
    def bucket(self) -> str:
        return self.local_site.site.bucket

    # The CDN.

    @contextmanager
    def distribution(self, change: Callable[[dict], None]) -> Iterator[None]:
        """The static host's distribution with its DistributionConfig changed in place."""
        before = self._configured(change)
        self.invalidate()
        try:
            yield
        finally:
            self._configured(lambda config: (config.clear(), config.update(before)))
            self.invalidate()

    def _configured(self, change: Callable[[dict], None]) -> dict:
        client, known = self.client("cloudfront"), self.static_distribution
        answer = client.get_distribution_config(Id=known)
        config, before = answer["DistributionConfig"], json.loads(json.dumps(answer["DistributionConfig"]))
        change(config)
        client.update_distribution(Id=known, IfMatch=answer["ETag"], DistributionConfig=config)
        return before

    @property
    def static_distribution(self) -> str:
        return json.loads(self.provisioned.read_text())["static"]["distribution_id"]

    def invalidate(self) -> None:
        """Empties the static host's edge, so that it shows what the bucket holds now.

        Returns when the edge has: it believes what it read of the API for a second.
        """
        batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(uuid.uuid4())}
        made = self.client("cloudfront").create_invalidation(
            DistributionId=self.static_distribution, InvalidationBatch=batch
        )
        log, url = self.local_site.directory / "log" / "cdn.log", f"http://127.0.0.1:{self.local_site.ports['cdn']}/"
        deadline = time.monotonic() + 15
        while f"invalidated: {made['Invalidation']['Id']}" not in log.read_text():
            assert time.monotonic() < deadline, "the edge takes no invalidation"
            requests.head(url, timeout=15)  # an idle edge reads nothing

    def client(self, service: str) -> Any:
        """boto3's client of an administrator."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:
        env = self.local_site.variables("admin")
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.local_site.ports['s3' if service == 's3' else 'control']}",
            region_name=self.local_site.site.region,
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )

    def address(self, url: str) -> tuple[str, int]:
        """Host and port of one of the site's URLs, as ``--resolve`` names them."""
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or 80
