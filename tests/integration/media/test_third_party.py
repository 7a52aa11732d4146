"""A FileField of another package, in a project with leftover settings of another bucket."""

import json
import os
import subprocess
import sys
from urllib.parse import quote

from storages.backends.s3 import S3Storage

from slipway import ROOT
from slipway.web.media.files import FileStorage

SCRIPT = """
import json
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
name = storage.save("papers/tide table.pdf", ContentFile(b"%PDF-1.7"))
print(json.dumps({"name": name, "url": storage.url(name)}))
"""


# What django-storages reads where an option is not given, and what that bucket's settings would do to ours.
LEFT_OVER = """
SECRET_KEY = "django-insecure-theirs"
INSTALLED_APPS = []
AWS_ACCESS_KEY_ID = AWS_S3_ACCESS_KEY_ID = "of-the-old-bucket"
AWS_SECRET_ACCESS_KEY = AWS_S3_SECRET_ACCESS_KEY = "of-the-old-bucket"
AWS_SESSION_TOKEN = "of-the-old-bucket"
AWS_S3_SESSION_PROFILE = None
AWS_STORAGE_BUCKET_NAME = "the-old-bucket"
AWS_S3_ENDPOINT_URL = "http://127.0.0.1:9"
AWS_S3_REGION_NAME = "mars-north-1"
AWS_S3_CUSTOM_DOMAIN = "old.example.net"
AWS_S3_OBJECT_PARAMETERS = {"CacheControl": "no-store"}
AWS_S3_ADDRESSING_STYLE = "virtual"
AWS_S3_SIGNATURE_VERSION = "s3"
AWS_LOCATION = "old"
AWS_DEFAULT_ACL = "public-read"
AWS_QUERYSTRING_AUTH = True
AWS_CLOUDFRONT_KEY_ID = "K1"
AWS_IS_GZIPPED = True
GZIP_CONTENT_TYPES = ("application/pdf",)
from slipway.settings import *
"""


def test_its_file_is_in_our_bucket_and_served_by_the_media_host(environ, admin, bucket, tmp_path):
    (tmp_path / "theirs.py").write_text(LEFT_OVER)
    production = {
        "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT / "deploy"))),
        "DJANGO_SETTINGS_MODULE": "theirs",
        "SITE_URL": "https://www.example.com",
        "SLIPWAY_ENV": "production",
        "STATIC_URL": "https://static.example.com/",
        "MEDIA_URL": "https://media.example.com/",
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environ | production)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["url"] == f"https://media.example.com/{quote(result['name'])}"
    stored = admin.get_object(Bucket=bucket, Key=f"media/public/{result['name']}")
    assert stored["Body"].read() == b"%PDF-1.7"
    assert (stored["ContentType"], stored["CacheControl"][-9:]) == ("application/pdf", "immutable")
    assert "ContentEncoding" not in stored


def test_no_option_of_the_library_is_left_to_a_setting(store):
    """A newer django-storages may know more of them."""
    assert FileStorage.get_default_settings(None).keys() == S3Storage.get_default_settings(None).keys()
