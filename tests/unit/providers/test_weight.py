"""A web process loads nothing of the provider's code for a deploy."""

import os
import subprocess
import sys

from slipway.tool import config

SCRIPT = """
import sys, django
django.setup()
from django.core.handlers.wsgi import WSGIHandler
WSGIHandler()
heavy = ("boto", "slipway.tool.providers", "slipway.web.pull", "requests", "urllib3", "whitenoise")
print(sorted(name for name in sys.modules if name.startswith(heavy)))
"""


def loaded(provider):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "DJANGO_SETTINGS_MODULE": "fixture.settings",
        "PYTHONPATH": f"{config.ROOT / 'tests' / 'site' / 'project'}:{config.ROOT / 'deploy'}",
        "SECRET_KEY": "x",
        "SITE_URL": "https://www.example.com",
        "SLIPWAY_ENV": "production",
        "STATIC_URL": "https://static.example.com/",
        "MEDIA_URL": "https://media.example.com/",
        "AWS_STORAGE_BUCKET_NAME": "example-com-media",
        "AWS_DEFAULT_REGION": "auto",
        "AWS_ENDPOINT_URL_S3": "https://abc.r2.cloudflarestorage.com",
        "SLIPWAY_PROVIDER": provider,
    }
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=config.ROOT, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_site_elsewhere_loads_no_more_than_one_at_amazon():
    assert loaded("cloudflare") == "[]\n"


def test_whitenoise_is_loaded_where_a_cdn_pulls_and_nowhere_else():
    assert "whitenoise.middleware" in loaded("pull")
