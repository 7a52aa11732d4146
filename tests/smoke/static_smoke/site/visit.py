"""One visit to a URL of the site: its answer, and the redirects before it."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from static_smoke.http.client import HTML, Answer, Client, agent, new_run
from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import resolve
from static_smoke.site.follow import Follow

ACCEPT = "text/html,*/*;q=0.8"
_MOST_ANSWERS = 6
# Answers to HEAD of a server that does not do it.
_NO_HEAD = (405, 501)


def asks_for_login(answers: list[Answer]) -> bool:
    """Whether one of them is a redirect that takes its own path along, as /login/?next=/members/ does."""
    queries = [unquote(it.headers.get("Location", "")).partition("?")[2] for it in answers]
    return any(urlsplit(it.url).path in query for it, query in zip(answers, queries, strict=True) if query)


async def visit(
    client: Client, hosts: Hosts, follow: Follow, url: str, headers: Mapping[str, str] | None = None
) -> list[Answer]:
    """The last answer is no redirect, or one that leaves the site or what may be followed.

    A name such as /tags/node.js may be a page or a file: only the answer tells. Such a request has a run id of its
    own, so that the origin's log does not take it for a leak of a page.
    """
    sent = {"Accept": ACCEPT, **(headers or {})}
    if hosts.looks_static(url):
        sent["User-Agent"] = f"Mozilla/5.0 {agent(new_run())}"
        head = await client.request(url, method="HEAD", headers=sent)
        if head.type not in HTML and head.status not in _NO_HEAD and not 300 <= head.status < 400:
            return [head]
    answers = [await client.request(url, headers=sent)]
    while len(answers) < _MOST_ANSWERS and 300 <= answers[-1].status < 400:
        target = resolve(answers[-1].url, answers[-1].headers.get("Location", ""))
        if target is None or not follow.is_inside(target) or hosts.looks_static(target) or follow.why_not(target):
            break
        answers.append(await client.request(target, headers=sent))
    return answers
