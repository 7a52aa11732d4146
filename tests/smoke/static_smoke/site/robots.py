"""robots.txt (RFC 9309): what the site's owner asks crawlers to leave out, and where the sitemaps are."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

# The product token of the User-Agent: a group of that name applies to the proof alone.
OWN = "slipway-smoke"
MAX_BYTES = 500_000


class Robots:
    """The rules for this crawler: its own group's, else those for ``*``. ``sitemaps``: URLs as they are written.

    ``allow``: paths that the owner names to the proof. Each counts as a line ``Allow: PATH``.
    """

    def __init__(self, text: str = "", allow: Iterable[str] = ()):
        groups: dict[str, list[tuple[bool, str]]] = {}
        names: list[str] = []
        rules_begun = False
        self.sitemaps: list[str] = []
        for line in text[:MAX_BYTES].splitlines():
            key, _, value = line.partition("#")[0].partition(":")
            key, value = key.strip().lower(), value.strip()
            if key == "sitemap":
                self.sitemaps.append(value)
            elif key == "user-agent":
                names = [value.lower()] if rules_begun else [*names, value.lower()]
                rules_begun = False
                groups.setdefault(value.lower(), [])
            elif key in ("allow", "disallow"):
                rules_begun = True
                for name in names if value else ():
                    groups[name].append((key == "allow", value))
        rules = groups.get(OWN, groups.get("*", []))
        self._rules = [(*rule, _pattern(rule[1])) for rule in [*rules, *((True, path) for path in allow)]]

    def allows(self, url: str) -> bool:
        """Whether the longest rule that fits allows the URL; Allow wins over a Disallow of the same length."""
        parts = urlsplit(url)
        path = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
        fitting = [(len(written), allowed) for allowed, written, pattern in self._rules if pattern.match(path)]
        return max(fitting)[1] if fitting else True


def _pattern(path: str) -> re.Pattern:
    end = "$" if path.endswith("$") else ""
    parts = unquote(path.removesuffix("$")).split("*")
    return re.compile(".*".join(map(re.escape, parts)) + end)
