"""What the origin may answer although it looks static: a short list, and what the site's owner allows."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# With a text that no site has in place of a name: what a pattern must not match.
_EVERYTHING = tuple(f"{prefix}{rest}" for prefix in ("/", "/static/", "/media/") for rest in ("~.~", "~/~.~"))
_FORM = re.compile(r"/(?!/)[^\s?#=\\^$|()\[\]{}<>]*")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A path that the origin may answer, and the body it may send with a 2xx answer.

    ``written``: a page may name it too. ``pattern``: as the site's owner wrote it, "" for the list here.
    """

    path: re.Pattern
    reason: str
    max_bytes: int | None = None
    written: bool = False
    pattern: str = ""

    def matches(self, url: str) -> bool:
        return bool(self.path.fullmatch(unquote(urlsplit(url).path)))


ALLOWED = (
    Allowed(
        re.compile(r"/favicon\.ico"),
        "browsers ask for it when a JSON or image document is opened directly",
        max_bytes=0,
    ),
    Allowed(re.compile(r"/robots\.txt"), "crawlers ask the site's host for it"),
    Allowed(re.compile(r"/sitemap[\w-]*\.xml"), "crawlers ask the site's host for it"),
    Allowed(re.compile(r"/browserconfig\.xml"), "Windows asks the site's host for it", written=True),
    Allowed(re.compile(r"/\.well-known/.*"), "its place is fixed by RFC 8615"),
    Allowed(
        re.compile(r"/(sw|service-?worker)[\w-]*\.js"),
        "a service worker must come from the site's host: a one-line stub",
        max_bytes=512,
    ),
    Allowed(re.compile(r"/.*/jsi18n/|/jsi18n/"), "translations, generated for each user", written=True),
)


def allow(pattern: str, reason: str) -> Allowed:
    """What the site's owner allows, on any page and of any length: a path, with ``*`` for any text.

    Raises ValueError, with what to write, for a pattern that is no path of the site or that matches everything.
    """
    if not _FORM.fullmatch(pattern):
        raise ValueError(
            f"{pattern!r} is not a path of the site like /captcha/*/; it covers every query, * is any text"
        )
    if "**" in pattern:
        raise ValueError(f"{pattern!r}: write one *, it is any text, slashes too")
    expression = re.compile(r"[\s\S]*".join(re.escape(unquote(part)) for part in pattern.split("*")))
    ending = re.search(r"\*((\.\w+)?/?)$", pattern)
    rest = ending[1] if ending else ""
    if pattern == "/" or any(expression.fullmatch(path + rest) for path in _EVERYTHING):
        raise ValueError(f"{pattern!r} allows all of the site, or all of /static/ or /media/; name what a view makes")
    return Allowed(expression, reason, written=True, pattern=pattern)
