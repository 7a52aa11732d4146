"""Pull mode on the whole site: no bucket for static files, and a CDN that fetches them from the site itself."""

import dataclasses
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter
from urllib.parse import urlsplit

import boto3
import pytest
import requests

from rehearsal.local_site import ROOT, USER, LocalSite
from rehearsal.processes import Processes
from slipway.web.prefixes import PULLED_PATH
from tests.clone import clone_of_fixture


def client(local_site, service):
    env = local_site.variables("admin")
    return boto3.client(
        service,
        region_name=env["AWS_DEFAULT_REGION"],
        endpoint_url=env.get(f"AWS_ENDPOINT_URL_{service.upper()}", env["AWS_ENDPOINT_URL"]),
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def pull_from_the_site(local_site):
    """What people set at their CDN by hand: the static host's origin is the site."""
    cloudfront = client(local_site, "cloudfront")
    host = urlsplit(local_site.site.static_url).hostname
    for summary in cloudfront.list_distributions()["DistributionList"]["Items"]:
        if host in summary["Aliases"]["Items"]:
            answer = cloudfront.get_distribution_config(Id=summary["Id"])
            changed = answer["DistributionConfig"]
            origin = changed["Origins"]["Items"][0]
            del origin["S3OriginConfig"], origin["OriginAccessControlId"]
            origin |= {"DomainName": local_site.site.host, "OriginPath": PULLED_PATH.rstrip("/")}
            origin["CustomOriginConfig"] = {
                "HTTPPort": local_site.ports["www"],
                "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only",
            }
            cloudfront.update_distribution(Id=summary["Id"], IfMatch=answer["ETag"], DistributionConfig=changed)


@pytest.fixture(scope="module")
def local_site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pull")
    with Processes(directory / "log") as processes:
        local_site = LocalSite(directory, processes, source=clone_of_fixture(directory / "clone"))
        local_site.start_cloud()
        # The uploads' bucket and its host are made as ever.
        local_site.provision()
        pull_from_the_site(local_site)
        local_site.site = dataclasses.replace(local_site.site, provider="pull")
        local_site.push(quiet=True)
        local_site.release()
        local_site.prepare()
        local_site.serve()
        yield local_site


def prove(local_site, *arguments):
    """smoke.json of a run with the origin's log."""
    site, report = local_site.site, local_site.directory / "report"
    command = [sys.executable, "-m", "static_smoke", "--site", site.site_url, "--static", site.static_url]
    command += ["--media", site.media_url, "--origin", f"http://127.0.0.1:{local_site.ports['www']}"]
    command += [
        "--origin-log",
        str(local_site.origin_log),
        "--report",
        str(report),
        "--max-pages",
        "4",
        "--full-pages",
        "1",
    ]
    command += ["--manifest", str(local_site.build / "manifests" / "objects.json"), *arguments]
    env = local_site.variables("web") | {"SMOKE_LOGIN": f"{USER}:{local_site.password}"}
    subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=False)
    return json.loads((report / "smoke.json").read_text())


def objects(local_site):
    return json.loads((local_site.build / "manifests" / "objects.json").read_text())["objects"]


def test_nothing_static_is_in_the_bucket_and_all_hashed_names_are_in_the_release(local_site):
    listed = client(local_site, "s3").list_objects_v2(Bucket=local_site.site.bucket)
    assert listed.get("Contents", []) == []
    hashed = {key for key, said in objects(local_site).items() if "immutable" in said["cache_control"]}
    with tarfile.open(local_site.directory / "release.tar.gz") as archive:
        carried = {name for name in archive.getnames() if name.startswith("build/pulled/")}
    assert carried == {key.replace("static/", "build/pulled/", 1) for key in hashed}


def test_the_proof_is_green_says_its_weaker_promise_and_each_file_was_pulled_once(local_site):
    said = prove(local_site, "--pull", PULLED_PATH)
    assert (said["verdict"], said["findings"]) == ("passed", [])
    assert said["sentence"].startswith("no page sends a visitor to the origin for static files (")
    assert said["sentence"].endswith("which pulls them from the origin")
    assert [said["checks"][letter]["state"] for letter in "PBNHOC"] == ["passed"] * 6
    lines = [json.loads(line) for line in local_site.origin_log.read_text().splitlines()]
    pulled = [line["uri"] for line in lines if "CloudFront" in line["agent"] and line["status"] in (200, "200")]
    assert len(pulled) > 20
    assert all(uri.startswith(PULLED_PATH) for uri in pulled)
    # The proof requests one file in gzip alone too, and a CDN keeps an entry for each coding.
    assert [count for count in Counter(pulled).values() if count > 1] == [2]


def test_without_being_told_the_proof_calls_it_what_it_is(local_site):
    said = prove(local_site)
    assert said["verdict"] == "failed"
    assert any("the origin sent it" in finding["what"] for finding in said["findings"])


def test_the_origin_serves_no_name_without_a_hash_and_nginx_no_file_at_all(local_site):
    configured = (local_site.directory / "nginx.conf").read_text()
    assert not re.search(r"^\s*(root|alias|try_files)\b", configured, re.MULTILINE)
    origin = f"http://127.0.0.1:{local_site.ports['www']}"
    names = json.loads((local_site.build / "manifests" / "staticfiles.json").read_text())["paths"]
    assert "favicon.ico" in names
    for name in [
        "favicon.ico",
        *[*names][:20],
        "manifests/objects.json",
        "build/manifests/objects.json",
        "../manifests/objects.json",
    ]:
        for path in (f"/{name}", f"/static/{name}", PULLED_PATH + name):
            answer = requests.get(
                origin + path, headers={"Host": local_site.site.authority}, allow_redirects=False, timeout=30
            )
            assert answer.status_code != 200, path


def test_a_deploy_asks_no_bucket(local_site, tmp_path):
    """The build of a machine that has no key and reaches no bucket."""
    env = {"SLIPWAY_BUILD": str(tmp_path), "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
    said = local_site.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"], identity="deployer", env=env, capture=True
    )
    assert re.search(r"none sent, [\d,]+ for a CDN to pull", said)
