"""URL patterns: /photos/17/ and /photos/18/ are pages of one template."""

import re
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,})$")
# Siblings that one page names, from which on they are one pattern (/photos/my-cat/, /photos/my-dog/, …).
SIBLINGS = 8
# At the top of a site the pages of its menu are siblings too.
SIBLINGS_AT_TOP = 30


class Patterns:
    """Numbers and long hexadecimal names are variable; so is the last part of many siblings named together."""

    def __init__(self, top: str = "/"):
        self._top = top.rstrip("/")
        self._listed: set[str] = set()

    def learn(self, urls: Iterable[str]) -> None:
        """``urls``: all that one page or sitemap names."""
        children = defaultdict(set)
        for url in set(urls):
            parent, _, name = self.of(url).rstrip("/").rpartition("/")
            if name != "*":
                children[parent].add(name)
        for parent, names in children.items():
            if len(names) >= (SIBLINGS_AT_TOP if parent == self._top else SIBLINGS):
                self._listed.add(parent)

    def of(self, url: str) -> str:
        """The URL's path with "*" for each variable part."""
        known: list[str] = []
        for part in urlsplit(url).path.split("/"):
            variable = _VARIABLE.match(part) or (part and "/".join(known) in self._listed)
            known.append("*" if variable else part)
        return "/".join(known)
