"""A FileField of somebody else's package, under production's own settings."""

import json
import os
import subprocess
import sys
from urllib.parse import quote

SCRIPT = """
import json
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
name = storage.save("papers/tide table.pdf", ContentFile(b"%PDF-1.7"))
print(json.dumps({"name": name, "url": storage.url(name)}))
"""


def test_its_file_is_served_by_the_media_host(environ, admin, bucket, tmp_path):
    production = {
        "DJANGO_SETTINGS_MODULE": "fixture.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SECRET_KEY": "for this test",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "SITE_URL": "https://www.example.com",
        "SLIPWAY_ENV": "production",
        "STATIC_URL": "https://static.example.com/",
        "MEDIA_URL": "https://media.example.com/",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environ | production
    )
    said = json.loads(done.stdout)
    assert said["url"] == f"https://media.example.com/{quote(said['name'])}"
    stored = admin.get_object(Bucket=bucket, Key=f"media/public/{said['name']}")
    assert stored["Body"].read() == b"%PDF-1.7"
    assert (stored["ContentType"], stored["CacheControl"][-9:]) == ("application/pdf", "immutable")
