"""`manage.py check --deploy`, Django's own checks of a site in production."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "photowall.settings",
    "SITE_URL": "https://www.example.com",
    "SLIPWAY_ENV": "production",
    "STATIC_URL": "https://static.example.com/",
    "MEDIA_URL": "https://media.example.com/",
    "AWS_STORAGE_BUCKET_NAME": "example-com",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
}


def check(**environment):
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **PRODUCTION, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_passes_with_two_checks_silenced():
    done = check()
    assert done.returncode == 0, done.stderr
    assert "(2 silenced)" in done.stdout


def test_it_finds_a_weak_secret():
    done = check(SECRET_KEY="short")
    assert done.returncode == 1
    assert "security.W009" in done.stderr
