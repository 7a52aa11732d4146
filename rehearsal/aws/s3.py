"""The S3 endpoint: a thin proxy in front of SeaweedFS.

It passes everything on, and answers itself what SeaweedFS does not have or gets wrong (``buckets``, ``cors``,
``forms``).
"""

import uuid
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import ClientResponse, ClientSession, TCPConnector, web
from moto.core.request import Request
from multidict import CIMultiDict
from yarl import URL

from rehearsal.aws import cors, forms
from rehearsal.aws.buckets import OWN_SUBRESOURCES, SUBRESOURCES, Buckets
from rehearsal.aws.identities import IDENTITIES, by_access_key, may, may_list, must_not_replace
from rehearsal.aws.shapes import ServiceError
from rehearsal.aws.signing import sign

# RFC 9110 section 7.6.1, and Expect, which this proxy's server answers itself.
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
GENERATED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
# SeaweedFS treats this type as none and guesses one from the name, so it is stored as a Content-Language.
UNTYPED, UNTYPED_MARK = "application/octet-stream", "x-untyped"
# Settings that SeaweedFS shows to administrators only; on AWS each has a permission.
READ_PERMISSIONS = {
    "cors": "s3:GetBucketCORS",
    "ownershipControls": "s3:GetBucketOwnershipControls",
    "tagging": "s3:GetBucketTagging",
}
CHUNK = 256 * 1024
NOT_IMPLEMENTED = 501
XML = "application/xml"
ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
    "<Resource>{resource}</Resource><RequestId>{request}</RequestId></Error>"
)
POSTED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>{location}</Location>'
    "<Bucket>{bucket}</Bucket><Key>{key}</Key><ETag>{etag}</ETag></PostResponse>"
)


class S3Proxy:
    """Passes each request on unchanged, Host included, so that its signature still holds."""

    def __init__(self, upstream: str, data: Path) -> None:
        self.upstream = upstream
        self.buckets = Buckets(data / "buckets.json")
        self.session: ClientSession | None = None

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**40)
        application.router.add_route("*", "/{path:.*}", self.handle)
        application.on_response_prepare.append(self._add_cors)
        application.on_startup.append(self._open)
        application.on_cleanup.append(self._close)
        return application

    async def _open(self, _: web.Application) -> None:
        # The upstream has this proxy's certificate, and is on the loopback.
        self.session = ClientSession(connector=TCPConnector(limit=0, ssl=False), auto_decompress=False)

    async def _close(self, _: web.Application) -> None:
        await self.session.close()

    async def _add_cors(self, request: web.Request, response: web.StreamResponse) -> None:
        document = self.buckets.document(_target(request)[0], "cors")
        method = request.headers.get("Access-Control-Request-Method", request.method)
        response.headers.update(cors.answer(document, method, request.headers) or {})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except ServiceError as error:
            text = ERROR.format(
                code=error.code,
                message=escape(error.message),
                resource=escape(request.path),
                request=uuid.uuid4().hex[:16].upper(),
            )
            return web.Response(status=error.status or 400, text=text, content_type=XML)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        bucket, key = _target(request)
        if request.method == "OPTIONS":
            return self._preflight(request, bucket)
        subresource = next((name for name in SUBRESOURCES if name in request.query), None)
        if bucket and not key and subresource:
            return await self._configuration(request, bucket, subresource)
        if bucket and not key and request.method == "GET" and "tagging" in request.query:
            return await self._tagging(request)
        if request.method == "POST" and request.content_type == "multipart/form-data":
            return await self._upload(request, bucket)
        if acl := request.headers.get("x-amz-acl"):
            self.buckets.check_acl(bucket, acl)
        if bucket and _is_anonymous(request):
            self.buckets.check_anonymous(bucket)
        if key and request.method in ("PUT", "POST"):
            _check_condition(request, bucket, key)
        if bucket and not key and not request.query and request.method in ("PUT", "DELETE"):
            return await self._make_or_remove(request, bucket)
        return await self._forward(request)

    async def _make_or_remove(self, request: web.Request, bucket: str) -> web.Response:
        body = await request.read()
        if b">us-east-1</LocationConstraint>" in body:
            # S3 rejects an explicit constraint for us-east-1.
            message = "The specified location-constraint is not valid"
            raise ServiceError("InvalidLocationConstraint", message, 400)
        async with self._ask(request, body) as answer:
            if request.method == "DELETE" and answer.status < 300:
                self.buckets.forget(bucket)
            return _relayed(answer, await answer.read())

    def _preflight(self, request: web.Request, bucket: str) -> web.Response:
        method = request.headers.get("Access-Control-Request-Method", "")
        document = self.buckets.document(bucket, "cors")
        if cors.answer(document, method, request.headers) is None:
            message = "CORSResponse: This CORS request is not allowed."
            raise ServiceError("AccessForbidden", message, 403)
        return web.Response()

    async def _configuration(self, request: web.Request, bucket: str, subresource: str) -> web.StreamResponse:
        """A Get, Put or Delete of a stored document. SeaweedFS authorizes the caller."""
        body = await request.read()
        if request.method == "PUT":
            # Under a host name with dots the router would take its first part as the bucket.
            headers = {**request.headers, "Host": "localhost"}
            asked = Request.from_primitives(request.method, f"http://localhost{request.raw_path}", headers, body)
            self.buckets.check(asked, bucket, subresource)
        if subresource in OWN_SUBRESOURCES:
            identity = _caller(request)
            if identity is None or not may(identity, "s3:*"):
                raise ServiceError("AccessDenied", "Access Denied", 403)
            if not await self._exists(bucket):
                raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
            return self._document(request, bucket, subresource, body)
        async with self._ask(request, body) as answer:
            content = await answer.read()
            rejected = answer.status >= 300 and answer.status != NOT_IMPLEMENTED
            readable = rejected and _may_read(request, subresource, content)
            if rejected and not readable and (answer.status != 404 or b"NoSuchBucket<" in content):
                return _relayed(answer, content)
            if (readable or answer.status == NOT_IMPLEMENTED) and not await self._exists(bucket):
                raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        return self._document(request, bucket, subresource, body)

    def _document(self, request: web.Request, bucket: str, subresource: str, body: bytes) -> web.Response:
        if request.method == "GET":
            document = self.buckets.document(bucket, subresource)
            if document is None:
                message = f"The bucket has no {subresource} configuration"
                raise ServiceError(SUBRESOURCES[subresource], message, 404)
            kind = "application/json" if subresource == "policy" else XML
            return web.Response(text=document, content_type=kind)
        if subresource == "acl" and not body:
            # A canned one, of which only `private` is accepted: as on a new bucket.
            self.buckets.reset(bucket, subresource)
            return web.Response()
        deleted = request.method == "DELETE"
        self.buckets.save(bucket, subresource, None if deleted else body.decode())
        return web.Response(status=204 if deleted or subresource == "policy" else 200)

    async def _tagging(self, request: web.Request) -> web.Response:
        async with self._ask(request, None) as answer:
            content = await answer.read()
            if not _may_read(request, "tagging", content):
                return _relayed(answer, content)
        get = sign("GET", self.upstream + request.raw_path, IDENTITIES["admin"])
        async with self.session.get(URL(get.url, encoded=True), headers=dict(get.headers)) as answer:
            return _relayed(answer, await answer.read())

    async def _exists(self, bucket: str) -> bool:
        head = sign("HEAD", f"{self.upstream}/{bucket}", IDENTITIES["admin"])
        async with self.session.head(head.url, headers=dict(head.headers)) as answer:
            return answer.status == 200

    async def _upload(self, request: web.Request, bucket: str) -> web.Response:
        """A browser's POST form, checked against its policy and stored as the identity that signed it."""
        form = await forms.read(request, bucket)
        identity = forms.check(form)
        path = quote(f"/{bucket}/{form.key}")
        put = sign("PUT", self.upstream + path, identity, form.file, form.headers())
        async with self.session.put(URL(put.url, encoded=True), data=form.file, headers=dict(put.headers)) as answer:
            if answer.status != 200:
                return _relayed(answer, await answer.read())
            etag = answer.headers["ETag"]
        location = f"{request.url.origin()}{path}"
        headers = {"ETag": etag, "Location": location}
        status = form.fields.get("success_action_status")
        if status != "201":
            return web.Response(status=200 if status == "200" else 204, headers=headers)
        text = POSTED.format(location=location, bucket=bucket, key=escape(form.key), etag=etag)
        return web.Response(status=201, text=text, headers=headers, content_type=XML)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        """SeaweedFS's answer to ``request``, streamed both ways."""
        body = request.content if request.can_read_body else None
        async with self._ask(request, body) as answer:
            if answer.status == 404 and not _may_list(request):
                raise ServiceError("AccessDenied", "Access Denied", 403)
            headers = _end_to_end(answer.headers)
            if headers.get("Content-Language") == UNTYPED_MARK:
                del headers["Content-Language"]
                headers["Content-Type"] = UNTYPED
            response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_chunked(CHUNK):
                await response.write(chunk)
            await response.write_eof()
            return response

    def _ask(self, request: web.Request, body: object):
        return self.session.request(
            request.method,
            URL(self.upstream + request.raw_path, encoded=True),
            headers=_mark_untyped(_end_to_end(request.headers)),
            data=body,
            allow_redirects=False,
            skip_auto_headers=GENERATED,
        )


def _target(request: web.Request) -> tuple[str, str]:
    bucket, _, key = request.path.lstrip("/").partition("/")
    return bucket, key


def _check_condition(request: web.Request, bucket: str, key: str) -> None:
    """AWS's rules for a conditional write, which SeaweedFS ignores."""
    condition = request.headers.get("If-None-Match")
    if condition not in (None, "*"):
        message = "A header you provided implies functionality that is not implemented"
        raise ServiceError("NotImplemented", message, NOT_IMPLEMENTED)
    identity = _caller(request)
    creates = "partNumber" not in request.query and "uploads" not in request.query
    if condition is None and identity is not None and must_not_replace(identity, bucket, key, creates=creates):
        raise ServiceError("AccessDenied", "Access Denied", 403)


def _caller(request: web.Request) -> dict | None:
    signed = request.headers.get("Authorization", request.query.get("X-Amz-Credential", ""))
    access_key = signed.partition("Credential=")[2] or signed
    return by_access_key(access_key.partition("/")[0])


def _may_list(request: web.Request) -> bool:
    """Whether the caller may list: a missing object is a 404 for it, for others a 403."""
    identity = _caller(request)
    return identity is None or may_list(identity)


def _may_read(request: web.Request, subresource: str, error: bytes) -> bool:
    """Whether AWS would allow what SeaweedFS denies. The signature is valid: an invalid one has another code."""
    identity = _caller(request)
    denied = request.method == "GET" and subresource in READ_PERMISSIONS and b">AccessDenied<" in error
    return denied and identity is not None and may(identity, READ_PERMISSIONS[subresource])


def _is_anonymous(request: web.Request) -> bool:
    return "Authorization" not in request.headers and "X-Amz-Signature" not in request.query


def _relayed(answer: ClientResponse, body: bytes) -> web.Response:
    return web.Response(status=answer.status, body=body, headers=_end_to_end(answer.headers))


def _end_to_end(headers: CIMultiDict) -> CIMultiDict:
    """Without hop-by-hop headers, and without SeaweedFS's own CORS."""
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in HOP_BY_HOP and (not name.startswith("Access-Control-Allow") and name != "Vary")
    )


def _mark_untyped(headers: CIMultiDict) -> CIMultiDict:
    if headers.get("Content-Type") == UNTYPED:
        headers.setdefault("Content-Language", UNTYPED_MARK)
    return headers
