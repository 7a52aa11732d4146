"""What a web process loads: pages never need the cloud's library."""

import json
import subprocess
import sys

PAGES = """
import io, json, sys
from slipway.web.media.endpoint import upload_origin
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
seen = {}
for path in sys.argv[2:]:
    statuses = []
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80",
               "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": sys.argv[1], "wsgi.url_scheme": "http",
               "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
    answer = application(request, lambda status, headers, exc_info=None: statuses.append(status))
    seen[path] = [statuses[0][:3], len(b"".join(answer))]
    answer.close()
loaded = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"pages": seen, "loaded": loaded}))
"""

HEAVY = {"boto3", "botocore", "s3transfer", "storages", "PIL", "rich", "tinycss2", "yaml", "ansible", "jinja2"}


def test_a_process_that_served_every_kind_of_page_never_loaded_boto3(local_site):
    paths = ["/", "/photos/", "/photos/1/", "/login/", "/admin/login/", "/healthz/ready", "/no-such-page"]
    done = subprocess.run(
        [sys.executable, "-c", PAGES, local_site.site.host, *paths],
        cwd=local_site.current,
        env=local_site.variables("web")
        | {"PYTHONPATH": f"{local_site.current / 'project'}:{local_site.current / 'deploy'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    statuses = {path: status for path, (status, _) in said["pages"].items()}
    assert statuses == dict.fromkeys(paths, "200") | {"/no-such-page": "404"}
    assert not HEAVY & set(said["loaded"])


def test_the_release_holds_no_static_bytes(local_site):
    suffixes = {".css", ".js", ".mjs", ".png", ".jpg", ".webp", ".svg", ".ico", ".woff2", ".webmanifest"}
    static = [file for file in local_site.current.rglob("*") if file.suffix in suffixes]
    assert static == []
