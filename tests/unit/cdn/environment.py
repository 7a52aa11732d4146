"""An edge on a real socket, before an S3-like origin and a configuration that tests may change."""

import asyncio
import copy
import io
import socket
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage

from aiohttp import web
from botocore.credentials import Credentials

from rehearsal.aws.managed import CACHE_POLICIES
from rehearsal.cdn.access_log import AccessLog
from rehearsal.cdn.cache import Cache
from rehearsal.cdn.configuration import Configuration, Distribution, Invalidation, Reader
from rehearsal.cdn.edge import Edge
from rehearsal.cdn.origin import Origins, S3Endpoint
from rehearsal.cdn.server import serving

HOST = "static.example.com"
BUCKET = "example-com"
ARN = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CSS = b"a { color: rebeccapurple }\n" * 100

DISTRIBUTION = {
    "Enabled": True,
    "Aliases": {"Quantity": 1, "Items": [HOST]},
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "bucket",
                "DomainName": f"{BUCKET}.s3.eu-central-1.amazonaws.com",
                "OriginPath": "/static",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "OriginAccessControlId": "oac",
            }
        ],
    },
    "DefaultCacheBehavior": {
        "TargetOriginId": "bucket",
        "ViewerProtocolPolicy": "allow-all",
        "AllowedMethods": {
            "Quantity": 3,
            "Items": ["GET", "HEAD", "OPTIONS"],
            "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
        },
        "Compress": True,
        "CachePolicyId": CACHING_OPTIMIZED,
        "ResponseHeadersPolicyId": "headers",
    },
}
CACHE_POLICY = {
    "Name": "own",
    "MinTTL": 0,
    "DefaultTTL": 100,
    "MaxTTL": 1000,
    "ParametersInCacheKeyAndForwardedToOrigin": {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    },
}
ACCESS_CONTROL = {
    "Name": "oac",
    "OriginAccessControlOriginType": "s3",
    "SigningBehavior": "always",
    "SigningProtocol": "sigv4",
}
BUCKET_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/static/*",
            "Condition": {"StringEquals": {"AWS:SourceArn": ARN}},
        }
    ],
}


@dataclass
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def x_cache(self) -> str:
        return self.headers["X-Cache"].removesuffix(" from cloudfront")


@dataclass
class Origin:
    """What the origin holds, by path, and what it was asked. A private bucket: unsigned reads are
    rejected. It names the missing key to whoever may read, as S3 does only to whom may list."""

    objects: dict[str, tuple[int, dict, bytes]] = field(default_factory=dict)
    requests: list[web.BaseRequest] = field(default_factory=list)
    chunked: set[str] = field(default_factory=set)
    private: bool = True
    hold: threading.Event | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def put(self, path: str, body: bytes = CSS, status: int = 200, **headers: str) -> None:
        kept = {"ETag": f'"{hash(body) & 0xFFFFFF:06x}"', "Content-Type": "text/css; charset=utf-8"}
        kept |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.objects[path] = (status, kept, body)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.requests.append(request)
        self.asked.set()
        if self.hold:
            await asyncio.to_thread(self.hold.wait)
        if self.private and "Authorization" not in request.headers:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        if request.path not in self.objects:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        status, headers, body = self.objects[request.path]
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers={"ETag": headers["ETag"]})
        response = web.Response(status=status, headers=headers, body=body)
        if request.path in self.chunked:
            response.enable_chunked_encoding()
        return response


class CdnEnvironment:
    """``config``, ``cache_policy``, … may be changed between requests; ``now`` is the clock."""

    def __init__(self) -> None:
        self.config = copy.deepcopy(DISTRIBUTION)
        self.cache_policy = copy.deepcopy(CACHE_POLICY)
        self.access_control = copy.deepcopy(ACCESS_CONTROL)
        self.bucket_policy = copy.deepcopy(BUCKET_POLICY)
        self.response_headers: dict = {"Name": "headers"}
        self.origin_request: dict = {"Name": "request"}
        self.invalidations: list[Invalidation] = []
        self.now = 1000.0
        self.origin = Origin()
        self.log = io.StringIO()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    @property
    def behaviour(self) -> dict:
        return self.config["DefaultCacheBehavior"]

    @property
    def s3_origin(self) -> dict:
        return self.config["Origins"]["Items"][0]

    def use_own_cache_policy(self, **fields: object) -> None:
        self.behaviour["CachePolicyId"] = "own"
        self.cache_policy |= fields

    def use_custom_origin(self, **fields: object) -> None:
        """Pull from a web server instead of the bucket, as from the site's own machine."""
        del self.s3_origin["S3OriginConfig"], self.s3_origin["OriginAccessControlId"]
        custom = {"HTTPPort": self.origin.port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
        self.s3_origin.update(DomainName="www.localhost", OriginPath="", CustomOriginConfig=custom | fields)
        self.origin.private = False

    def invalidate(self, *paths: str, distribution: str = "EDFDVBD6EXAMPLE") -> None:
        number = len(self.invalidations)
        self.invalidations.append(Invalidation(distribution, f"I{number}", paths))

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own; ``Accept_Encoding="br"`` is a header."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": HOST} | named).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def read(self) -> Configuration:
        return Configuration(
            distributions=(Distribution("EDFDVBD6EXAMPLE", ARN, "d111111abcdef8.cloudfront.net", self.config),),
            cache_policies=CACHE_POLICIES | {"own": self.cache_policy},
            origin_request_policies={"request": self.origin_request},
            response_headers_policies={"headers": self.response_headers},
            origin_access_controls={"oac": self.access_control},
            bucket_policies={BUCKET: self.bucket_policy},
            invalidations=tuple(self.invalidations),
        )

    async def _serve(self) -> None:
        runner = web.ServerRunner(web.Server(self.origin.answer))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.origin.port = site._server.sockets[0].getsockname()[1]
        endpoint = S3Endpoint(f"http://127.0.0.1:{self.origin.port}", "eu-central-1", Credentials("AKIDCDN", "secret"))
        origins = Origins(endpoint)
        edge = Edge(Reader(self.read, max_age=0), origins, Cache(clock=lambda: self.now))
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        async with serving(edge, listener, None, AccessLog(self.log)):
            self._up.set()
            await self._stop.wait()
        await origins.close()
        await runner.cleanup()

    def __enter__(self) -> "CdnEnvironment":
        self._thread.start()
        assert self._up.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
