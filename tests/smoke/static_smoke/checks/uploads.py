"""Check A for sites with uploads: whether the bucket enforces the forms that the site signs.

The endpoint answers a POST of ``{"files": [{"name": …, "type": …, "size": …}]}`` with JSON that has forms at
any depth, each as boto3's ``generate_presigned_post`` returns it: ``{"url": …, "fields": {…}}``. For a store without
forms there is ``"method": "PUT"`` too, and the fields are headers. Two files are sent: one that fits, which stays in
the bucket, and one that is a byte too large.
"""

import base64
import json
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import aiohttp

from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts
from static_smoke.parse.error_page import describe
from static_smoke.rules import Fact, Rule

FILES = {
    "files": [
        {"name": "original", "type": "image/jpeg", "size": 1},
        {"name": "480", "type": "image/webp", "size": 1},
    ]
}
# Bytes: a form that allows more is only read, not tested.
MAX_BYTES = 32_000_000


class NoForm(Exception):
    """Why there is no form to test."""


async def check_forms(client: Client, hosts: Hosts, path: str) -> tuple[list[Fact], int]:
    """Facts, and how many files were sent. ``client`` is signed in. Raises ValueError where nothing answers."""
    endpoint = urljoin(hosts.site, path)
    try:
        forms = _forms(await _sign(client, hosts, endpoint))
    except NoForm as error:
        return [Fact(Rule.UPLOAD_REJECTED, endpoint, endpoint, f"no form to upload with: {error}")], 0
    # The smallest limit needs the smallest file that is too large.
    form = min(forms, key=lambda form: _limit(form) or 0)
    place, url, limit = endpoint, form["url"], _limit(form)
    facts, sent = [], 1
    fits = await _post(client, hosts, form, b"x")
    if fits.unavailable:
        raise ValueError(f"uploads: {urlsplit(url).netloc} {describe(fits)}")
    if not 200 <= fits.status < 300:
        what = f"the bucket rejects a file that fits: {_error(fits)}{_old_signature(form)}"
        facts.append(Fact(Rule.UPLOAD_REJECTED, url, place, what))
    if limit is None:
        what = "the form has no content-length-range: the bucket accepts any size"
        facts.append(Fact(Rule.UPLOAD_UNBOUND, url, place, what))
    elif not facts and limit < MAX_BYTES:
        sent += 1
        over = await _post(client, hosts, form, b"x" * (limit + 1))
        if 200 <= over.status < 300:
            what = f"the bucket accepts {limit + 1:,} bytes where the form allows {limit:,}"
            facts.append(Fact(Rule.UPLOAD_UNBOUND, url, place, what))
    return facts, sent


async def _sign(client: Client, hosts: Hosts, endpoint: str) -> object:
    token = next((cookie.value for cookie in client.session.cookie_jar if cookie.key == "csrftoken"), "")
    headers = {"Content-Type": "application/json", "X-CSRFToken": token, "Origin": hosts.origin, "Referer": hosts.site}
    answer = await client.request(endpoint, method="POST", headers=headers, data=json.dumps(FILES).encode())
    try:
        if answer.status == 200:
            return json.loads(answer.decoded())
    except (ValueError, RecursionError):
        pass
    if answer.status == 0:
        raise ValueError(f"uploads: {urlsplit(endpoint).path} {describe(answer)}")
    raise NoForm(f"{urlsplit(endpoint).path} answered {answer.status or answer.error} {answer.text[:80]}".strip())


def _forms(node: object) -> list[dict]:
    found = list(_walk(node))
    if not found:
        raise NoForm("the answer has no form: nothing with a url and fields")
    return found


def _walk(node: object) -> Iterator[dict]:
    if isinstance(node, dict) and isinstance(node.get("url"), str) and isinstance(node.get("fields"), dict):
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _walk(part)


def _limit(form: dict) -> int | None:
    """The most bytes that the form's signed policy allows; None without a limit. For PUT, the announced size."""
    if form.get("method") == "PUT":
        return 1
    try:
        policy = json.loads(base64.b64decode(form["fields"]["policy"]))
        ranges = [it for it in policy["conditions"] if isinstance(it, list) and it[0] == "content-length-range"]
        return int(ranges[0][2])
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def _old_signature(form: dict) -> str:
    if "x-amz-algorithm" in {name.lower() for name in form["fields"]} or "X-Amz-Algorithm=" in form["url"]:
        return ""
    return "; the form is signed by Signature Version 2"


async def _post(client: Client, hosts: Hosts, form: dict, body: bytes) -> Answer:
    if form.get("method") == "PUT":
        return await client.request(
            form["url"], method="PUT", headers={"Origin": hosts.origin, **form["fields"]}, data=body
        )
    data = aiohttp.FormData()
    for name, value in form["fields"].items():
        data.add_field(name, str(value))
    data.add_field("file", body, filename="smoke")
    return await client.request(form["url"], method="POST", headers={"Origin": hosts.origin}, data=data)


def _error(answer: Answer) -> str:
    code = answer.text.partition("<Code>")[2].partition("</Code>")[0]
    return " ".join(filter(None, (str(answer.status or answer.error), code)))
