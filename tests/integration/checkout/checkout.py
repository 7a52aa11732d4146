"""A checkout with a small project of its own, and a bucket that stores what is sent."""

import os
import shutil
import subprocess
import sys
import threading
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
STATIC = "https://static.example.com/"

SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "secret"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles"]
MIDDLEWARE = []
ROOT_URLCONF = "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
STATICFILES_DIRS = [BASE_DIR / "project" / "assets"]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [BASE_DIR / "project" / "templates"],
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
}]
"""
LAST_LINE = "from slipway.settings import *\n"
PAGE = """{% load static compress %}<!doctype html>
{% compress css %}
<link rel="stylesheet" href="{% static 'css/base.css' %}">
<link rel="stylesheet" href="{% static 'css/print.css' %}">
{% endcompress %}
{% compress js %}
<script src="{% static 'js/a.js' %}"></script>
<script>window.inline = true</script>
{% endcompress %}
"""


class Checkout:
    """``project/`` is written file by file; ``manage`` runs manage.py as on a deploying machine."""

    def __init__(self, root: Path, endpoint: str) -> None:
        self.root = root
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "deploy", root / "deploy", ignore=leave)
        shutil.copy(ROOT / "manage.py", root)
        shutil.copy(ROOT / "VERSION", root)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "settings",
            "SITE_URL": "https://www.example.com",
            "SLIPWAY_ENV": "production",
            "STATIC_URL": STATIC,
            "MEDIA_URL": "https://media.example.com/",
            "AWS_STORAGE_BUCKET_NAME": "example-com-media",
            "SLIPWAY_STATIC_BUCKET": "example-com",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "the-secret-key",
            "AWS_ENDPOINT_URL_S3": endpoint,
        }
        self.settings()
        self.write("__init__.py", "")
        self.write("urls.py", "urlpatterns = []\n")
        self.write("templates/page.html", PAGE)
        self.write("assets/css/base.css", "body { background: url(../img/sea.svg) }\n")
        self.write("assets/css/print.css", "@media print { body { color: black } }\n")
        self.write("assets/img/sea.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>\n")
        self.write("assets/js/a.js", "window.a = 1\n")
        self.write("assets/favicon.ico", "icon\n")

    def settings(self, before: str = "", after: str = "") -> None:
        """Writes the settings with lines of one's own before and after the offload line."""
        self.write("settings.py", SETTINGS + before + "\n" + LAST_LINE + after)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def package(self, name: str, **files: str) -> None:
        """An installed package: an app below site-packages, with these files (__ is a slash, _ a dot)."""
        directory = self.root / "site-packages" / name
        for path, content in {"__init__.py": "", **files}.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(content)
        self.environment["PYTHONPATH"] = str(self.root / "site-packages")
        self.settings(f"INSTALLED_APPS += [{name!r}]\n")

    def manage(self, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        return self.python("manage.py", *arguments, **environment)

    def python(self, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        changed = {**self.environment, **environment}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.root,
            env={name: value for name, value in changed.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=120,
        )


class Bucket(ThreadingHTTPServer):
    """Keeps objects in ``objects`` by key, with their headers; it lists and takes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BucketHandler)
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.puts: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class BucketHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def do_GET(self) -> None:
        entries = "".join(
            f'<Contents><Key>{key}</Key><ETag>"{md5(body).hexdigest()}"</ETag><Size>{len(body)}</Size></Contents>'
            for key, (body, _) in self.server.objects.items()
        )
        self._answer(f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>".encode())

    def do_HEAD(self) -> None:
        _, headers = self.server.objects[self.path.partition("/example-com/")[2]]
        self._answer(b"", **{name: headers[name] for name in ("Content-Type", "Cache-Control")})

    def do_PUT(self) -> None:
        key = self.path.partition("/example-com/")[2]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.puts.append(key)
        self.server.objects[key] = body, dict(self.headers)
        self._answer(b"", ETag=f'"{md5(body).hexdigest()}"')

    def _answer(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
