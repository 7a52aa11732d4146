"""One S3 client a process, loaded by the upload path only."""

import json
import os
import subprocess
import sys

SCRIPT = """
import json, sys, threading
from slipway.web.media.backends import media
from slipway.web.media.bucket import S3Media
store = S3Media("example-com", "https://media.example.com/")
store.url("media/public/2026/x/480.webp")
before = sorted({name.split(".")[0] for name in sys.modules})
from slipway.web.media import client
made, make = [], client._make
def counted():
    made.append(make())
    return made[-1]
client._make = counted
start, got = threading.Barrier(16), []
def ask():
    start.wait()
    store.sign("media/incoming/x/original.jpg", "image/jpeg", 10)
    got.append(client.s3_client())
threads = [threading.Thread(target=ask) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps({"before": before, "made": len(made), "distinct": len(set(map(id, got))), "asked": len(got)}))
"""


def test_sixteen_threads_share_one_client_and_a_url_needs_none():
    env = os.environ | {
        "AWS_STORAGE_BUCKET_NAME": "example-com",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=env)
    result = json.loads(done.stdout)
    assert not {"boto3", "botocore"} & set(result["before"])
    assert (result["made"], result["distinct"], result["asked"]) == (1, 1, 16)
