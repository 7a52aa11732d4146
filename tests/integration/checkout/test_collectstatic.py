"""`manage.py collectstatic` in a checkout, from the command line."""

import json
import random
import re

import pytest
from multidict import CIMultiDict

from static_smoke.checks import headers
from static_smoke.checks.fetch import Asset
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.rules import Rule
from static_smoke.site.manifest import Manifest

HOSTS = Hosts("https://www.example.com/", "https://static.example.com/", "https://media.example.com/")


def test_it_leaves_all_that_the_templates_ask_for_in_the_bucket(checkout, bucket):
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, done.stderr) == (0, "")
    closing = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"\d+ objects, \d+ sent \(\d+\.\d MB\), 0 skipped, \d+ requests, \d+\.\d s", closing)
    objects = json.loads((checkout.root / "build/manifests/objects.json").read_text())["objects"]
    assert set(objects) == set(bucket.objects)
    for key, entry in objects.items():
        body, headers = bucket.objects[key]
        assert (headers["Content-Type"], headers["Cache-Control"]) == (entry["content_type"], entry["cache_control"])
        assert len(body) == entry["bytes"]
    bundles = [key for key in objects if "/CACHE/" in key]
    assert sorted(key.rpartition(".")[2] for key in bundles) == ["css", "js"]


def test_only_unhashed_files_of_the_project_go_up_plain(checkout, bucket):
    checkout.manage("collectstatic", "--noinput")
    unhashed = {key for key, (_, headers) in bucket.objects.items() if "immutable" not in headers["Cache-Control"]}
    own = {key for key in unhashed if (checkout.root / "project/assets" / key.removeprefix("static/")).exists()}
    assert own == {"static/favicon.ico"}
    assert all(headers["Cache-Control"] == "public, max-age=300" for key, (_, headers) in bucket.objects.items()
               if key in unhashed)  # fmt: skip


def test_a_second_run_sends_nothing(checkout, bucket):
    checkout.manage("collectstatic", "--noinput")
    bucket.puts.clear()
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, bucket.puts) == (0, [])
    assert " 0 sent (0.0 MB)" in done.stdout


def test_a_dry_run_says_what_it_would_send_and_sends_and_writes_nothing(checkout, bucket):
    done = checkout.manage("collectstatic", "--noinput", "--dry-run")
    assert done.returncode == 0
    assert re.search(r"(\d+) objects built, \1 would be sent", done.stdout)
    assert bucket.puts == []
    assert not (checkout.root / "build/manifests").exists()


def test_building_only_does_not_use_the_bucket(checkout):
    done = checkout.manage("collectstatic", "--build-only", AWS_ENDPOINT_URL_S3="http://127.0.0.1:1")
    assert done.returncode == 0
    assert (checkout.root / "build/manifests/staticfiles.json").exists()


def test_quiet_is_quiet(checkout):
    assert checkout.manage("collectstatic", "--noinput", "-v0").stdout.strip() == ""


def test_in_development_it_is_django_s_own_command(checkout, bucket):
    done = checkout.manage("collectstatic", "--noinput", SLIPWAY_ENV=None)
    assert done.returncode == 0, done.stderr
    assert "static files copied to" in done.stdout
    assert (checkout.root / "build/static/css/base.css").read_text().startswith("body { background: url(../img/sea")
    assert bucket.puts == []


def test_warnings_about_packages_are_counted_and_listed_on_request(checkout):
    checkout.package("thirdparty", **{"static/thirdparty/a.css": "a{b:url(gone.png)}"})
    done = checkout.manage("collectstatic", "--noinput")
    assert ", 1 warnings about installed packages (-v 2 lists them)" in done.stdout
    assert "gone.png" not in done.stdout
    assert "a.css:1: gone.png does not exist" in checkout.manage("collectstatic", "--noinput", "-v2").stdout


def test_warnings_about_the_project_s_own_files_are_printed(checkout):
    checkout.write("assets/js/lib.js", "window.lib = 1\n//# sourceMappingURL=lib.js.map\n")
    done = checkout.manage("collectstatic", "--noinput")
    assert "warning: project/assets/js/lib.js:2: lib.js.map does not exist" in done.stdout
    assert "-v 2" not in done.stdout


def test_a_bundled_script_with_a_name_beside_it_is_a_warning(checkout):
    """The page of every checkout has js/a.js in a bundle."""
    checkout.write("assets/js/a.js", "import('./b.js')\n")
    checkout.write("assets/js/b.js", "window.b = 1\n")
    done = checkout.manage("collectstatic", "--noinput")
    assert "warning: project/assets/js/a.js:1: ./b.js would be beside the bundle, and is not; " in done.stdout


def test_a_package_s_files_go_up_under_both_names(checkout, bucket):
    checkout.package("thirdparty", **{"static/thirdparty/a.js": "load('./b.js')"})
    checkout.manage("collectstatic", "--noinput")
    names = sorted(key.rpartition("/")[2] for key in bucket.objects if "thirdparty" in key)
    assert len(names) == 2
    assert names[1] == "a.js"
    assert re.fullmatch(r"a\.[0-9a-f]{12}\.js", names[0])


def test_the_first_finder_wins_as_in_django(checkout, bucket):
    checkout.package("thirdparty", **{"static/css/base.css": "theirs{}"})
    checkout.manage("collectstatic", "--noinput")
    assert not [key for key, (body, _) in bucket.objects.items() if b"theirs" in body]


@pytest.mark.parametrize("option", ["--clear", "--link", "--no-post-process"])
def test_an_option_that_cannot_hold_here_is_rejected(checkout, bucket, option):
    done = checkout.manage("collectstatic", "--noinput", option)
    assert done.returncode == 1
    assert done.stderr.startswith(f"slipway: {option}: ")
    assert bucket.puts == []


def test_ignored_files_stay_at_home(checkout, bucket):
    checkout.write("assets/draft.psd", "x")
    checkout.manage("collectstatic", "--noinput", "--ignore", "*.psd")
    assert not [key for key in bucket.objects if "draft" in key]


def test_what_it_has_replaced_in_place_is_written_down_for_a_purge(checkout, bucket):
    replaced = checkout.root / "build/replaced.json"
    checkout.manage("collectstatic", "--noinput")
    assert json.loads(replaced.read_text()) == []
    (checkout.root / "project/assets/favicon.ico").write_bytes(b"another icon")
    checkout.manage("collectstatic", "--noinput")
    assert json.loads(replaced.read_text()) == ["static/favicon.ico"]


def test_other_headers_reach_what_is_there_under_new_names_and_the_proof_agrees(checkout, bucket):
    """Nothing is overwritten but unhashed files; the checks are those of the proof."""

    def push() -> set[str]:
        bucket.puts.clear()
        done = checkout.manage("collectstatic", "--noinput")
        assert (done.returncode, done.stderr) == (0, "")
        objects = checkout.root / "build/manifests/objects.json"
        named = json.loads(objects.read_text())["objects"]
        facts = headers.judge([served(key) for key in named], HOSTS, Manifest.load([objects]), "X-Origin")
        assert [str(fact) for fact in facts if fact.rule is not Rule.UNCOMPRESSED] == []
        return {key for key in named if key not in ("static/favicon.ico", "static/robots.txt")}

    def served(key: str) -> Asset:
        body, sent = bucket.objects[key]
        known = {name: sent[name] for name in ("Content-Type", "Cache-Control")} | {"X-Cache": "Hit from cloudfront"}
        url = HOSTS.static + key.removeprefix("static/")
        return Asset(url, "image", HOSTS.site, cors=False, answers=[Answer(url, 200, CIMultiDict(known), body)])

    first = push()
    before = dict(bucket.objects)
    code = checkout.root / "deploy/slipway/web/static_objects.py"
    for old, new, moved in (
        ('"image/svg+xml; charset=utf-8"', '"image/svg+xml"', ("css", "svg")),
        ("max-age=31536000", "max-age=15552000", ("css", "js", "svg", "ico")),
        ("max-age=300", "max-age=60", ()),
        ('"image/vnd.microsoft.icon"', '"image/x-icon"', ("ico",)),
    ):
        code.write_text(code.read_text().replace(old, new))
        after = push()
        assert {key.rpartition(".")[2] for key in after - first} == set(moved), new
        assert after.issuperset(key for key in bucket.puts if key != "static/favicon.ico")
        # A bundle is a file like any other.
        assert after.isdisjoint(first) is (moved == ("css", "js", "svg", "ico"))
        first = after
    assert {key for key in before if bucket.objects[key] != before[key]} == {"static/favicon.ico"}
    icon = bucket.objects["static/favicon.ico"][1]
    assert (icon["Content-Type"], icon["Cache-Control"]) == ("image/x-icon", "public, max-age=60")


def test_a_film_reaches_the_bucket_byte_for_byte(checkout, bucket):
    film = random.Random(0).randbytes(9 << 20)
    checkout.write("assets/film.mp4", film)
    done = checkout.manage("collectstatic", "--noinput")
    assert (done.returncode, done.stderr) == (0, "")
    (sent,) = [body for key, (body, _) in bucket.objects.items() if "/film." in key]
    assert sent == film
