"""Gunicorn's configuration, the same wherever the site runs.

https://docs.gunicorn.org/en/stable/settings.html
"""

import atexit
import gc
import io
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

_root = Path(__file__).resolve().parent.parent
chdir = str(_root / "project")
# As manage.py: the project's own packages, then ours. Gunicorn's `pythonpath` would put ours before the project's.
sys.path[:0] = [str(_root / name) for name in ("project", "deploy", "deploy/previous")]

# A Unix socket; under systemd the inherited one takes its place.
bind = f"unix:{os.environ.get('SLIPWAY_SOCKET', _root / 'build' / 'gunicorn.sock')}"
umask = 0o007

# Set `gunicorn_workers` and `gunicorn_threads` in site.yml. A response that takes minutes, such as server-sent events,
# holds a thread.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("SLIPWAY_THREADS", "8"))
# Seconds of a request: `timeout` in site.yml. nginx waits as long.
_seconds = int(os.environ.get("SLIPWAY_TIMEOUT", "60"))
# With one thread a worker answers one request at a time, and is killed when that takes longer than `timeout`. One of
# several threads is killed when all of them hang, 30 s after it stops saying that it is well.
worker_class = "slipway.web.worker.ThreadWorker" if threads > 1 else "sync"
# No worker takes a request before it has a thread for it.
worker_connections = threads
# nginx opens a connection for each request: one kept open could close as a request arrives.
keepalive = 0
preload_app = True
timeout = 30 if threads > 1 else _seconds
# How long a request may still run once its release has been replaced: none is cut that nginx still waits for.
graceful_timeout = _seconds
# Bounds what a leak can cost; the jitter keeps the workers from restarting together.
max_requests = 2000
max_requests_jitter = 200
# A heartbeat file on disk can block a worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True

# nginx is the only client, over the socket, and it overwrites these headers.
forwarded_allow_ips = "*"
# What nginx takes is taken: its limits are in nginx.conf (large_client_header_buffers), and its pages are for visitors.
limit_request_line = 0
limit_request_field_size = 65536
limit_request_fields = 32768
permit_unconventional_http_method = True
# nginx keeps the access log.
accesslog = None
errorlog = "-"
loglevel = "info"


def when_ready(server):
    """Renders a page before the workers fork, so that they share what it loaded."""
    site = urlsplit(os.environ.get("SITE_URL", "http://localhost"))
    request = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": site.hostname,
        "SERVER_PORT": str(site.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": site.netloc,
        "HTTP_X_FORWARDED_PROTO": site.scheme,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": threads > 1,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    try:
        answer = server.app.wsgi()(request, lambda status, headers, exc_info=None: None)
        list(answer)
        getattr(answer, "close", lambda: None)()
    except Exception:
        # A database that is down must not keep the site from starting: it recovers by itself.
        server.log.exception("the warm-up page failed")
    from django.db import connections

    # A connection shared by two workers would corrupt both.
    connections.close_all()
    gc.collect()
    gc.freeze()


def worker_exit(server, worker):
    """Ends a worker at once, as soon as it has run what the application registered with atexit.

    An interpreter that cleans up writes to every page that the processes share: for a moment a worker that ends took
    more memory than one that serves, and was killed for it. And it waits for a thread that hangs.
    """
    ended = sys.exception()
    if worker.booted and isinstance(ended, SystemExit) and not ended.code:
        atexit._run_exitfuncs()
        os._exit(0)
