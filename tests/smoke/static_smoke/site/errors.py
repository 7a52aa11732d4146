"""The site's error pages: 400, 403, 404 and 405, and a 500 if the crawl has met one."""

from urllib.parse import urljoin, urlsplit

from static_smoke.http.client import Client, new_run
from static_smoke.http.hosts import Hosts
from static_smoke.site.pages import CrawlResult


async def request_errors(result: CrawlResult, client: Client, hosts: Hosts, deadline: float) -> None:
    for status, requests in _error_requests().items():
        answers = []
        for method, path, headers, data in requests:
            if method != "GET":
                headers = {**headers, "Origin": hosts.origin, "Referer": hosts.site}
            answer = await client.request(urljoin(hosts.site, path), method=method, headers=headers, data=data)
            if str(answer.status) == status:
                if await result.add_until(deadline, answer, status, replay=status != "404") is None:
                    result.notes.append(f"the {status} answer is not a page")
                break
            answers.append(f"{method} {urlsplit(answer.url).path}: {answer.error or f'answered {answer.status}'}")
        else:
            result.notes.append(f"not checked: the {status} page ({'; '.join(answers)})")
    if not any(crawled.answer.status >= 500 for crawled in result.pages):
        result.notes.append("not checked: the 500 page (the site has shown none)")


def _error_requests() -> dict[str, list[tuple[str, str, dict[str, str], bytes | None]]]:
    """Method, path, headers and body of requests that Django answers with a status; the first that gets it is used.

    The paths are below the site's: on a host with several sites the top belongs to another one.
    """
    token = "s" * 32
    csrf = {"Cookie": f"csrftoken={token}", "X-CSRFToken": token}
    return {
        "404": [("GET", f"slipway-smoke-{new_run()}/", {}, None)],
        "400": [
            # A form without the boundary that its type must have.
            ("POST", "", {**csrf, "Content-Type": "multipart/form-data"}, b"form"),
            # A host that is not the site's: a server before Django may close the connection without an answer.
            ("GET", "", {"Host": "smoke.invalid"}, None),
        ],
        "403": [("POST", "", {}, b"")],
        "405": [("PUT", "", csrf, b"")],
    }
