"""`python -m tests.bench.push.slow [NAME]`: pushes over slow lines, with true sizes and times. It takes some minutes.

Each case has a bucket of its own. Nothing is asserted but that everything is there.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from slipway.tool import push
from slipway.tool.push.progress import lines
from slipway.web.static_objects import StaticObject
from tests.bench.push.bucket import Bucket
from tests.bench.push.line import line

MEGABYTE = 1_000_000
# Objects, bytes of each, bytes per second, seconds between two breaks.
CASES = {
    "pictures": (40, 400_000, 250_000, 0),
    "film": (1, 30 * MEGABYTE, MEGABYTE, 0),
    "pictures-breaks": (40, 400_000, 250_000, 60),
    "film-breaks": (1, 30 * MEGABYTE, 250_000, 60),
    "small-files": (2000, 20_000, 1_000_000, 0),
}


def main(wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-slow-") as work, Bucket(Path(work) / "seaweed") as bucket:
        os.environ |= bucket.environment()
        for name, (count, size, rate, breaks) in CASES.items():
            if not wanted or name in wanted:
                run(bucket, name, count, size, rate, breaks)


def run(bucket: Bucket, name: str, count: int, size: int, rate: int, breaks: int) -> None:
    objects = [StaticObject.hashed(f"{n}.{n:012x}.jpg", os.urandom(size)) for n in range(count)]
    place = bucket.new_bucket()
    with line("127.0.0.1", bucket.seaweed.port, rate, breaks) as way:
        os.environ["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{way.local}"
        began = time.monotonic()
        report = push.push(objects, push.Bucket(place), progress=lines(lambda text: print(f"  {text}", flush=True)))
        seconds = time.monotonic() - began
    there = bucket.objects(place)
    assert all(obj.key in there for obj in objects)
    print(
        f"{name}: {count} of {size / 1e6:g} MB over {rate / 1e6:g} MB/s: {seconds:.0f} s (the line alone: "
        f"{count * size / rate:.0f} s), {report.requests} requests, {way.broken} breaks",
        flush=True,
    )
    bucket.drop_bucket(place)


if __name__ == "__main__":
    main(sys.argv[1:])
