"""Which of the site's URLs the crawl requests.

The standard calls a GET safe, and whoever writes a link that changes something has to keep crawlers from it. So the
crawl sends no other method, and heeds what says that a link is not for it: ``rel=nofollow``, robots.txt, attributes
for another method or with a question (parse/links.py). No list of names could tell the others apart in every language.
They are noticed by what they do: the session ends (session.py), or the page with the link shows something else
afterwards (effects.py). Each was then requested once. It is set aside, with every URL of its pattern and of its name:
after one ``/basket/empty/`` no ``/wishlist/empty/`` is requested, and the browser loads neither.
"""

from urllib.parse import urljoin, urlsplit

from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.site.pages import CrawlResult
from static_smoke.site.robots import Robots

NOFOLLOW = "links with rel=nofollow"
ROBOTS = "robots.txt disallows them; --path asks for one nevertheless"
ASIDE = "links with an effect: see the notes"


class Follow:
    """``why_not`` is asked before each request; ``set_aside`` after one that had an effect."""

    def __init__(self, options: Options, hosts: Hosts, result: CrawlResult):
        self._hosts, self._result = hosts, result
        self._asked = [urljoin(hosts.site, path) for path in ("admin/", *options.paths)]
        self.robots = Robots()
        self._names: set[str] = set()

    def obey(self, text: str) -> None:
        """``text``: the site's robots.txt. What the owner names is requested, and so is the admin."""
        self.robots = Robots(text, [urlsplit(url).path for url in self._asked])

    def is_inside(self, url: str) -> bool:
        """Whether it belongs to this site: on its host and below its folder."""
        return urlsplit(url).netloc == urlsplit(self._hosts.site).netloc and self._hosts.is_home(url)

    def why_not(self, url: str) -> str:
        """Why a URL of the site is not requested; "" if it is."""
        if url in self._result.aside or self._names & self._kinds(url):
            return ASIDE
        if url not in self._asked and not self.robots.allows(url):
            return ROBOTS
        return ""

    def set_aside(self, url: str, why: str) -> None:
        self._result.aside[url] = why
        self._result.notes.append(f"{url} {why}: it is set aside; give the link rel=nofollow, or make it a form")
        self._names |= self._kinds(url)

    def _kinds(self, url: str) -> set[str]:
        """The pattern of a URL, and the last part of it that is not variable."""
        pattern = self._result.patterns.of(url)
        named = [part for part in pattern.split("/") if part not in ("", "*")]
        return {pattern, *named[-1:]}
