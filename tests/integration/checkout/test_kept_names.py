"""Names that carry a hash already, from the source tree to the bucket and to the page."""

import json

MANIFEST = {
    "src/main.js": {"file": "assets/main-C1aa2Bb3.js", "name": "main", "src": "src/main.js", "isEntry": True},
    "src/panel.js": {"file": "assets/panel-D4cc5Dd6.js", "name": "panel", "css": ["assets/panel-E7ee8Ff9.css"]},
}
SHOW = """
from django.template import engines
print(engines["django"].from_string("{% load static %}{% static 'dist/assets/main-C1aa2Bb3.js' %}").render())
"""


PAGE = """<!doctype html>
<script type="module" crossorigin src="/static/assets/index-BxOyr7Zm.js"></script><a href="/static/gone.js">a page</a>
"""


def test_a_page_that_a_bundler_has_written_with_the_base_of_development_is_named(checkout, bucket):
    checkout.write("templates/index.html", PAGE)
    checkout.write("assets/assets/index-BxOyr7Zm.js", "1")
    done = checkout.manage("collectstatic", "--noinput")
    assert done.returncode == 0, done.stderr
    [line] = [line for line in (done.stdout + done.stderr).splitlines() if "requested from the site" in line]
    assert line.startswith(
        "warning: project/templates/index.html:2: /static/assets/index-BxOyr7Zm.js is requested from"
    )
    assert [key for key in bucket.objects if "index-" in key] == ["static/assets/index-BxOyr7Zm.js"]


def test_a_kept_name_is_one_object_that_never_changes(checkout, bucket):
    checkout.write("assets/dist/.vite/manifest.json", json.dumps(MANIFEST))
    checkout.write("assets/dist/assets/main-C1aa2Bb3.js", "import('./panel-D4cc5Dd6.js')")
    checkout.write("assets/dist/assets/panel-D4cc5Dd6.js", "export {}")
    checkout.write("assets/dist/assets/panel-E7ee8Ff9.css", "a { b: url(./bg-CjnAYYVR.png) }")
    checkout.write("assets/dist/assets/bg-CjnAYYVR.png", "no picture")
    done = checkout.manage("collectstatic", "--noinput")
    assert done.returncode == 0, done.stderr
    built = {key: headers for key, (_, headers) in bucket.objects.items() if "/dist/" in key}
    names = ("bg-CjnAYYVR.png", "main-C1aa2Bb3.js", "panel-D4cc5Dd6.js", "panel-E7ee8Ff9.css")
    assert sorted(built) == [f"static/dist/assets/{name}" for name in names]
    assert {headers["Cache-Control"] for headers in built.values()} == {"public, max-age=31536000, immutable"}
    objects = json.loads((checkout.root / "build/manifests/objects.json").read_text())["objects"]
    assert {key for key, entry in objects.items() if entry.get("kept")} == set(built)
    shown = checkout.manage("shell", "-c", SHOW)
    assert shown.stdout.strip().endswith("https://static.example.com/dist/assets/main-C1aa2Bb3.js"), shown.stderr

    checkout.write("assets/dist/assets/main-C1aa2Bb3.js", "import('./panel-D4cc5Dd6.js'), other()")
    again = checkout.manage("collectstatic", "--noinput")
    assert again.returncode == 1
    [line] = again.stderr.strip().splitlines()
    assert "s3://example-com/static/dist/assets/main-C1aa2Bb3.js exists with other bytes" in line
    assert "build the front end again, or list the name in SLIPWAY_UNHASHED" in line
