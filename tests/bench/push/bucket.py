"""The bucket that every contender pushes to: SeaweedFS, and a network's distance before it."""

import asyncio
import http.client
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import get_session

from rehearsal.aws.identities import IDENTITIES
from rehearsal.aws.seaweed import SeaweedFS
from slipway.web.errors import SlipwayError
from tests.bench.push.contenders import ROOT
from tests.bench.push.delay import CONNECT, ROUND_TRIP

REGION = "eu-central-1"


class Bucket:
    """SeaweedFS itself, without the rehearsal's proxy: no Python code slows a contender down."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._numbers = itertools.count(1)
        # The server's child process belongs to an event loop, which has to live as long as it.
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def __enter__(self) -> "Bucket":
        self.seaweed = SeaweedFS(self.data)
        self._await(self.seaweed.start())
        self._proxy = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.push.delay", str(self.seaweed.port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{self._proxy.stdout.readline().strip()}"
        self.near = self._client(f"http://127.0.0.1:{self.seaweed.port}")
        return self

    def __exit__(self, *_: object) -> None:
        self._proxy.stdin.close()
        self._proxy.wait(10)
        self._await(self.seaweed.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def environment(self) -> dict[str, str]:
        """The AWS_* variables with which a contender reaches the bucket through the proxy."""
        keys = IDENTITIES["admin"]
        return {
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }

    def new_bucket(self) -> str:
        """An empty bucket with its first volumes made, so that no contender waits for them."""
        name = f"bench-{next(self._numbers)}"
        self.near.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        for number in range(20):
            self.near.put_object(Bucket=name, Key=f"warm/{number}", Body=b"warm")
        return name

    def drop_bucket(self, name: str) -> None:
        keys = list(self.objects(name))
        while batch := keys[:1000]:
            del keys[:1000]
            self.near.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True})
        self.near.delete_bucket(Bucket=name)

    def objects(self, bucket: str) -> dict[str, str]:
        """Every key of the bucket with the MD5 of its bytes."""
        pages = self.near.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {entry["Key"]: entry["ETag"].strip('"') for page in pages for entry in page.get("Contents", [])}

    def reset(self) -> None:
        self._send("reset")

    def deny(self, text: str = "") -> None:
        """Answers 403 to each PUT with ``text`` in its path, until called without a text."""
        self._send(f"deny {text}")

    def requests(self) -> int:
        self._send("count")
        return int(self._proxy.stdout.readline())

    def measure_latency(self) -> tuple[float, float]:
        """Seconds of a request on a new connection and on a kept one.

        Raises SlipwayError when the proxy delays or counts wrongly.
        """
        self.reset()
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        took = []
        for _ in range(6):
            began = time.perf_counter()
            connection.request("GET", "/")
            connection.getresponse().read()
            took.append(time.perf_counter() - began)
        connection.close()
        new, kept = took[0], min(took[1:])
        if kept < ROUND_TRIP or new < ROUND_TRIP + CONNECT or self.requests() != 6:
            raise SlipwayError(f"the delay is wrong: new {new:.3f} s, kept {kept:.3f} s, {self.requests()} of 6")
        return new, kept

    def _send(self, line: str) -> None:
        self._proxy.stdin.write(f"{line}\n")
        self._proxy.stdin.flush()

    def _await(self, coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _client(self, url: str) -> BaseClient:
        keys = IDENTITIES["admin"]
        return get_session().create_client(
            "s3",
            region_name=REGION,
            endpoint_url=url,
            aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"],
            config=Config(request_checksum_calculation="when_required"),
        )
