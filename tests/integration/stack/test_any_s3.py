"""`provider: s3` on the whole site: a reverse proxy with a cache before the buckets, and the buckets by themselves."""

import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests

from rehearsal import nginx
from rehearsal.local_site import DOMAIN, ROOT, USER, LocalSite
from rehearsal.processes import Processes, free_port
from slipway.tool import proof_command
from slipway.tool.config import Site
from slipway.tool.providers import s3
from slipway.tool.prune import Prune
from tests.clone import clone_of_fixture

# The bucket's own host does what a server's virtual host does, and the CDN's what `make cdn` asks for.
SERVERS = """
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log {folder}/access.log;
    # Like a CDN's: no visitor of a test meets a connection that is just being closed.
    keepalive_timeout 600s;
    keepalive_requests 100000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    proxy_cache_path {folder}/cache keys_zone=cdn:1m;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    proxy_buffering on;
    gzip_types text/css text/javascript application/javascript application/json image/svg+xml text/plain;
    gzip_proxied any;
    gzip_vary on;
{servers}
}}
"""
BUCKET = """
    server {{
        listen 127.0.0.1:{port};
        server_name {host};
        location / {{ proxy_pass {endpoint}/{bucket}/; }}
    }}
"""
CDN = """
    server {{
        listen 127.0.0.1:{port};
        server_name {host};
        gzip on;
        location / {{
            proxy_pass {endpoint}/{bucket}/{prefix};
            proxy_cache cdn;
            proxy_hide_header Access-Control-Allow-Origin;
            proxy_hide_header Access-Control-Allow-Credentials;
            add_header Access-Control-Allow-Origin {site} always;
            add_header X-Content-Type-Options nosniff always;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
"""


def json_of(step: str) -> dict:
    """The document that a step of `make cdn` says to set."""
    return json.loads(step[step.index("{") : step.rindex("}") + 1])


class Stack:
    """A site whose buckets were set by hand, as `make cdn` says."""

    def __init__(self, directory: Path, processes: Processes) -> None:
        self.local_site = LocalSite(directory, processes, source=clone_of_fixture(directory / "clone"))
        self.ports = {"none": free_port(), "own": free_port()}
        self.local_site.start_cloud()
        self.endpoint = f"http://127.0.0.1:{self.local_site.ports['s3']}"
        self.sites = {cdn: self._site(cdn) for cdn in self.ports}
        self.local_site.site = self.sites["none"]
        self._set_up_by_hand()
        folder = directory / "before"
        folder.mkdir()
        # Workers of another user could not write in this folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(SERVERS.format(user=user, folder=folder, servers="".join(self._servers())))
        command = [nginx.installed() or nginx.WHEEL, "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"]
        processes.start("before", command, env={"PATH": "/usr/bin:/bin"}, cwd=folder, ready=list(self.ports.values()))
        self.local_site.push(quiet=True)
        self.local_site.release()
        self.local_site.prepare()
        self.local_site.serve()

    def _site(self, cdn: str) -> Site:
        paths = {"none": ("/static", "/media/public"), "own": ("", "")}[cdn]
        static, media = (
            f"http://{name}.{DOMAIN}:{self.ports[cdn]}{path}"
            for name, path in zip(("static", "media"), paths, strict=True)
        )
        return dataclasses.replace(
            self.local_site.site,
            provider="s3",
            cdn=cdn,
            endpoint=self.endpoint,
            addressing="path",
            static_url=static,
            media_url=media,
        )

    def client(self, identity: str = "admin"):
        env = self.local_site.variables(identity)
        return boto3.client(
            "s3",
            region_name=env["AWS_DEFAULT_REGION"],
            endpoint_url=self.endpoint,
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )

    def _set_up_by_hand(self) -> None:
        site, admin = self.local_site.site, self.client()
        steps = [step.what for step in s3.describe(site)]
        for bucket in (site.bucket, site.media_bucket):
            where = {"LocationConstraint": site.region}
            admin.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
            admin.delete_public_access_block(Bucket=bucket)  # Amazon's alone
            (policy,) = [step for step in steps if step.startswith(f"Set this policy on {bucket},")]
            admin.put_bucket_policy(Bucket=bucket, Policy=json.dumps(json_of(policy)))
            rules = [json_of(step) for step in steps if "CORS rule" in step and bucket in step]
            admin.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})

    def _servers(self) -> Iterator[str]:
        site = self.local_site.site
        for name, bucket, prefix in (("static", site.bucket, "static/"), ("media", site.media_bucket, "media/public/")):
            for cdn, server in (("none", BUCKET), ("own", CDN)):
                yield server.format(
                    port=self.ports[cdn],
                    host=f"{name}.{DOMAIN}",
                    endpoint=self.endpoint,
                    bucket=bucket,
                    prefix=prefix,
                    site=site.site_url,
                )

    def prove(self) -> dict:
        """smoke.json of a quick run of a few pages, without a browser."""
        local_site = self.local_site
        shutil.rmtree(local_site.report, ignore_errors=True)
        command = proof_command.command(
            local_site.site,
            project=local_site.source / "project",
            build=local_site.build,
            origin_log=local_site.origin_log,
            report=local_site.report,
        )
        command += ["--origin", f"http://127.0.0.1:{local_site.ports['www']}", "--upload", "/uploads/sign/"]
        command += ["--browser", "none", "--max-pages", "2"]
        env = local_site.variables("web") | {"SMOKE_LOGIN": f"{USER}:{local_site.password}"}
        subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=False)
        return json.loads((local_site.report / "smoke.json").read_text())


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    directory = tmp_path_factory.mktemp("any_s3")
    with Processes(directory / "log") as processes:
        yield Stack(directory, processes)


def test_buckets_without_a_cdn_hold_the_promise(stack):
    found = stack.prove()
    assert (found["verdict"], found["findings"]) == ("passed", []), found["sentence"]
    assert "from the bucket, without a CDN" in found["sentence"]
    assert "no CDN: cache hits, compression and CORS headers for later requests are not checked" in found["notes"]


def test_what_is_not_served_cannot_be_read(stack):
    site, admin = stack.local_site.site, stack.client()
    admin.put_object(Bucket=site.media_bucket, Key="media/incoming/x/original.jpg", Body=b"x")
    static, media = site.static_url.removesuffix("/static"), site.media_url.removesuffix("/media/public")
    release = admin.list_objects_v2(Bucket=site.bucket, Prefix="releases/").get("Contents", [{"Key": "releases/x"}])
    for url in (f"{media}/media/incoming/x/original.jpg", f"{static}/{release[0]['Key']}", f"{static}/", f"{media}/"):
        host, _, rest = url.removeprefix("http://").partition(":")
        answer = requests.get(f"http://127.0.0.1:{rest}", headers={"Host": host}, timeout=30)
        assert answer.status_code in (403, 404), url


def test_a_reverse_proxy_with_a_cache_holds_the_whole_one(stack):
    stack.local_site.site = stack.sites["own"]
    stack.local_site.restart_gunicorn()
    found = stack.prove()
    assert (found["verdict"], found["findings"]) == ("passed", []), found["sentence"]
    assert found["sentence"].endswith("from the CDN")


def test_old_objects_are_pruned(stack):
    """Nothing is old enough here: the plan reads every manifest, and deletes nothing."""
    client = stack.client()
    plan = Prune(stack.local_site.site.bucket, client).plan(5, [])
    assert plan.to_delete == ()
