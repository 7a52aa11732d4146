"""The bucket of the backups: reads, writes and lists objects, over TLS, signed by Signature Version 4.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
import http.client
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from agent.paths import HostError
from agent.paths import backup_settings as settings

__all__ = ["Bucket", "settings"]

TIMEOUT = 10  # s, for a connection and for each answer
LISTED = "{http://s3.amazonaws.com/doc/2006-03-01/}"
# What a person does about S3's answer: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
ADVICE = {
    "RequestTimeTooSkewed": "the server's clock is off; `timedatectl` there shows it, and port 123/udp must be open",
    "NoSuchBucket": "it does not exist; `make cdn` makes it",
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"),
        "the key of `backup` in the secrets is not valid; `make cdn` makes another, and `make deploy` brings it",
    ),
    **dict.fromkeys(
        ("AccessDenied", "AllAccessDisabled"),
        "the key of `backup` in the secrets may not; `make cdn` repairs what it may",
    ),
    **dict.fromkeys(
        (
            "PermanentRedirect",
            "TemporaryRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ),
        "it is in another region; give that in `region` or `endpoint` of site.yml",
    ),
}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Bucket:
    """Each method raises HostError, in one line, when S3 cannot be asked or rejects the request."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """``settings`` are pgBackRest's of the repository."""
        self.name, self.region = settings["repo1-s3-bucket"], settings["repo1-s3-region"]
        self._key, self._secret = settings["repo1-s3-key"], settings["repo1-s3-key-secret"]
        by_host = settings["repo1-s3-uri-style"] == "host"
        self._host = f"{self.name}." * by_host + settings["repo1-s3-endpoint"]
        self._port = int(settings["repo1-storage-port"])
        self._root = "/" if by_host else f"/{self.name}/"
        self._ca_file = settings.get("repo1-storage-ca-file")

    def __str__(self) -> str:
        return f"the bucket {self.name} at {self._host}"

    def get(self, key: str) -> bytes | None:
        """The object's bytes; None where there is none."""
        answer = self.ask("GET", key, accepted=(200, 404))
        # A bucket that is missing is a 404 as well.
        if answer.status == 404 and _code(answer) == "NoSuchBucket":
            raise self._rejected(answer)
        return answer.body if answer.status == 200 else None

    def put(self, key: str, body: bytes, *, new: bool = False) -> bool:
        """Writes an object; ``new``: unless there is one, and then it returns False."""
        condition = {"If-None-Match": "*"} if new else {}
        # 409: another writes the same object at this moment.
        answer = self.ask("PUT", key, body, condition, accepted=(200, 412, 409) if new else (200,))
        return answer.status == 200

    def delete(self, key: str) -> None:
        self.ask("DELETE", key, accepted=(200, 204, 404))

    def keys(self, prefix: str) -> list[str]:
        return self._list(f"{LISTED}Contents/{LISTED}Key", prefix=prefix)

    def folders(self, prefix: str) -> list[str]:
        """The names directly below ``prefix``, which ends in a slash as they do not."""
        found = self._list(f"{LISTED}CommonPrefixes/{LISTED}Prefix", prefix=prefix, delimiter="/")
        return [path[len(prefix) :].rstrip("/") for path in found]

    def _list(self, path: str, **query: str) -> list[str]:
        found, query = [], {"list-type": "2", **query}
        while True:
            root = ElementTree.fromstring(self.ask("GET", "", query=query).body)
            found += [each.text or "" for each in root.iterfind(path)]
            token = root.findtext(f"{LISTED}NextContinuationToken")
            if not token:
                return found
            query["continuation-token"] = token

    def ask(
        self,
        method: str,
        key: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        accepted: tuple[int, ...] = (200,),
    ) -> Answer:
        """One request, signed; for the calls that have no method here."""
        path = self._root + quote(key, safe="/-_.~")
        line = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted((query or {}).items())
        )
        authority = self._host if self._port == 443 else f"{self._host}:{self._port}"
        complete = self._signed(method, path, line, {"Host": authority, **(headers or {})}, body)
        context = ssl.create_default_context(cafile=self._ca_file)
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT, context=context)
        try:
            connection.request(method, f"{path}?{line}" if line else path, body or None, complete)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except ssl.SSLCertVerificationError as error:
            raise HostError(f"{self} has no valid certificate: {error.verify_message}") from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise HostError(f"{self} cannot be reached: {why}") from None
        finally:
            connection.close()
        if answer.status not in accepted:
            raise self._rejected(answer)
        return answer

    def _rejected(self, answer: Answer) -> HostError:
        code = _code(answer)
        advice = ADVICE.get(code, ADVICE["PermanentRedirect"] if 300 <= answer.status < 400 else "")
        return HostError(f"{self} answers {answer.status} {code}".rstrip() + (f": {advice}" if advice else ""))

    def _signed(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(body).hexdigest()
        complete = {**headers, "X-Amz-Content-SHA256": digest, "X-Amz-Date": stamp}
        canonical = sorted((name.lower(), value) for name, value in complete.items())
        names = ";".join(name for name, _ in canonical)
        lines = "".join(f"{name}:{value}\n" for name, value in canonical)
        request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = f"AWS4{self._secret}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        complete["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._key}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
        )
        return complete


def _code(answer: Answer) -> str:
    """S3's code of an error: "NoSuchKey"."""
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    return found[1].decode() if found else ""
