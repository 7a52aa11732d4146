"""A rehearsal's environment without its machine: real names, real TLS, and nothing in /etc/hosts."""

import json
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal.machine import ssh
from rehearsal.processes import Processes, free_port
from rehearsal.server_site import ServerSite
from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE

ROOT = Path(__file__).resolve().parents[3]
PROVISION = [sys.executable, "-m", "slipway.tool", "cdn"]
# What a person's tools do there: urllib, boto3 and a browser's form, by the environment alone.
PUT = """
import boto3, sys
boto3.client("s3").put_object(Bucket="slipway-test", Key="static/a.css", Body=b"a{}", ContentType="text/css")
"""
GET = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer:
    print(answer.status, answer.headers["X-Cache"], answer.read().decode())
"""
SIGN = """
import boto3, json
from botocore.config import Config
s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
print(json.dumps(s3.generate_presigned_post("slipway-test", "media/incoming/x")))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site that has been provisioned; behind the machine's ports is nobody."""
    directory = tmp_path_factory.mktemp("site")
    ssh_config = directory / "ssh_config"
    ssh_config.touch()
    ssh.make_key(directory)
    machine = SimpleNamespace(ports={22: free_port(), 80: free_port(), 443: free_port()}, ssh_config=ssh_config)
    with pytest.MonkeyPatch.context() as patch, Processes(directory / "log") as processes:
        # It sets it, for this process too.
        patch.setenv(PASSWORD_VARIABLE, "")
        site = ServerSite(directory, config.load(), processes, machine)
        site.start()
        subprocess.run(PROVISION, env=site.deployer("admin"), cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        yield site


def _run(site, identity, script, *arguments):
    command = [sys.executable, "-c", script, *arguments]
    env = site.deployer(identity, AWS_DEFAULT_REGION="eu-central-1")
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_the_deployer_puts_the_cdn_serves_under_the_sites_own_name(site):
    assert _run(site, "deployer", PUT).stderr == ""
    got = _run(site, "", GET, f"{site.site.static_url}/a.css")
    assert (got.stdout.strip(), got.stderr) == ("200 Miss from cloudfront a{}", "")


def test_a_name_of_the_real_world_is_rejected(site):
    got = _run(site, "", GET, "https://static.example.com/")
    assert "403 Forbidden" in got.stderr
    assert "rejected: static.example.com:443" in (site.directory / "log" / "proxy.log").read_text()


def test_a_form_goes_where_the_machine_and_a_browser_both_reach(site):
    form = json.loads(_run(site, "web", SIGN).stdout)
    # The machine calls the same port of the same name by 10.0.2.2, a browser by --resolve.
    assert form["url"] == f"{site.s3_url}/slipway-test"
    boundary = "b" * 20
    parts = [*form["fields"].items(), ("file", "a photo")]
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    request = urllib.request.Request(
        f"https://127.0.0.1:{site.ports['s3']}/slipway-test",
        data=f"{body}--{boundary}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=site.anchors)),
    )
    with opener.open(request) as answer:
        assert answer.status == 204


def test_the_authority_answers_under_the_name_that_site_yml_gives(site):
    got = _run(site, "", GET, site.site.acme)
    assert got.stdout.startswith("200 ")
    assert "newOrder" in got.stdout


def test_a_second_provisioning_changes_nothing(site):
    env = site.deployer("admin")
    output = subprocess.run(PROVISION, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "\nnothing to change: " in output
