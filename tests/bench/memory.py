"""`make bench-memory`: the memory of a web process, and what each part that it loads adds.

One process of the built release, as Gunicorn's workers run it, measured by the kernel (PSS, MB) after each step.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rehearsal.local_site import LocalSite
from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError

STEPS = """
import gc, io, json, sys
from pathlib import Path

def megabytes():
    gc.collect()
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

def get(path):
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80",
               "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": sys.argv[1], "wsgi.url_scheme": "http",
               "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
    answer = application(request, lambda status, headers, exc_info=None: None)
    list(answer)
    answer.close()

measured = {"Python": megabytes()}
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
measured["Django and the project"] = megabytes()
for path in ("/", "/wall/", "/wall/1/", "/login/", "/admin/login/"):
    get(path)
measured["after every kind of page"] = megabytes()
from slipway.web.media.client import s3_client
s3_client()
measured["after the first upload (boto3, one client)"] = megabytes()
from django.core.files.storage import default_storage
default_storage.connection.meta.client
measured["after a third-party FileField (django-storages)"] = megabytes()
print(json.dumps(measured))
"""


def main() -> int:
    if not Path("/proc/self/smaps_rollup").exists():
        raise SlipwayError("memory is measured from /proc/self/smaps_rollup, which this system does not have")
    with tempfile.TemporaryDirectory() as scratch, Processes(Path(scratch) / "log") as processes:
        local_site = LocalSite(Path(scratch), processes)
        local_site.start_cloud()
        local_site.provision()
        local_site.push(quiet=True)
        local_site.release()
        local_site.prepare()
        done = subprocess.run(
            [sys.executable, "-c", STEPS, local_site.site.host],
            cwd=local_site.current,
            env=local_site.variables("web")
            | {"PYTHONPATH": f"{local_site.current / 'project'}:{local_site.current / 'deploy'}"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    before = 0.0
    for step, megabytes in json.loads(done.stdout.splitlines()[-1]).items():
        print(f"{step:50}{megabytes:8.1f} MB{megabytes - before:+8.1f}")
        before = megabytes
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SlipwayError as error:
        sys.exit(f"slipway: {error}")
