"""Finds the lines to edit for a finding."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from static_smoke.rules import Rule
from static_smoke.site.digests import DIGEST
from static_smoke.source.files import ProjectFiles, SourceFile
from static_smoke.source.response import Response
from static_smoke.source.templates import line_that_made, page_template, share

# Lines of one finding.
MOST = 3
_ICON = "/favicon.ico"
# Faults of the settings or of the code that serves files: the last line counts.
_SETTINGS = {
    Rule.DEBUG_PAGE: r"^[ \t]*DEBUG\s*=",
    Rule.NO_CDN: r"^[ \t]*STATIC_URL\s*=",
    Rule.NO_STATIC_HOST: r"^[ \t]*STATIC_URL\s*=",
    Rule.CSP: r"^[ \t]*(CONTENT_SECURITY_POLICY|SECURE_CSP|CSP_\w+)\s*=",
    Rule.COOKIE: r"^[ \t]*(SESSION|CSRF|LANGUAGE)_COOKIE_DOMAIN\s*=",
    Rule.COOKIE_SENT: r"^[ \t]*(SESSION|CSRF|LANGUAGE)_COOKIE_DOMAIN\s*=",
    Rule.SERVED: r"whitenoise\.|\bstatic\(\s*settings|staticfiles_urlpatterns|views\.static import|static\.serve",
}
_URLS = {
    Rule.WRITTEN,
    Rule.WRITTEN_MAYBE,
    Rule.WRITTEN_MEDIA,
    Rule.MISSING,
    Rule.PLAIN_HTTP,
    Rule.CROSS_ORIGIN_USE,
    Rule.ASKED,
    Rule.ARRIVED,
    Rule.HIDDEN,
    Rule.FAILED,
    Rule.BLOCKED,
    Rule.LINKED,
    Rule.VIEW_WRITTEN,
    Rule.VIEW_ASKED,
    Rule.VIEW_HIDDEN,
    Rule.VIEW_ARRIVED,
}
# Browsers ask for it by themselves.
_ICON_RULES = {Rule.HIDDEN, Rule.ARRIVED, Rule.ASKED}
_OWN_MEDIA = r"\bFileSystemStorage\(|\bstorage\s*=\s*FileSystemStorage|^[ \t]*MEDIA_URL\s*="
# What settings are for, in place of a path that code puts together.
_ASSIGNED = re.compile(r"\b(STATIC_URL|STATIC_ROOT|MEDIA_URL|MEDIA_ROOT)\s*=[^\n]*")
_ROUTE = re.compile(r"""\bpath\(\s*["']([^"']*)["'][^\n]*?name=["']([\w.:-]+)["']""")
_CONVERTER = re.compile(r"<[^>]*>")
_DJANGO_PAGES = {
    "404": "The requested resource was not found on this server.",
    "403": "<h1>403 Forbidden</h1>",
    "400": "<h1>Bad Request (400)</h1>",
    "500": "<h1>Server Error (500)</h1>",
}


class Source:
    """Looks in the project of ``files``, then in its packages' templates, and remembers what it found."""

    def __init__(self, project: Path, packages: Iterable[Path] = ()):
        self._files = ProjectFiles(project, packages)
        self._known: dict[tuple, tuple[dict, ...]] = {}

    def where(self, rule: Rule, url: str, response: Response | None = None) -> tuple[dict, ...]:
        """The lines to look at, each ``{"place": "file:line", "text"}``, the best first; at most MOST.

        ``response``: what names the URL.
        """
        key = rule, url, response and response.url
        if key not in self._known:
            found = islice(self._where(rule, url, response), MOST)
            self._known[key] = tuple({it["place"]: it for it in found}.values())
        return self._known[key]

    def line(self, place: str) -> tuple[SourceFile, int] | None:
        """The file and the number of a line that was found; None for a template that is missing."""
        name, _, number = place.rpartition(":")
        files = (file for files in self._everywhere() for file in files)
        return next(((file, int(number)) for file in files if file.name == name), None) if number.isdecimal() else None

    @property
    def templates_folder(self) -> str:
        """Where a template of the project's own goes that replaces a package's."""
        folders = [it.name.partition("templates/")[0] for it in self._files.templates if "templates/" in it.name]
        return f"{min(folders, key=len, default='')}templates"

    def _where(self, rule: Rule, url: str, response: Response | None) -> Iterator[dict]:
        if rule in _SETTINGS:
            yield from self._settings(_SETTINGS[rule])
        elif rule is Rule.NO_ICON or (rule in _ICON_RULES and urlsplit(url).path == _ICON):
            yield from self._icon(response)
        elif rule in _URLS:
            for way in self._ways(rule, url, response):
                found = list(way)
                if found:
                    yield from found
                    return

    def _ways(self, rule: Rule, url: str, response: Response | None) -> Iterator[Iterable[dict]]:
        """From the surest to the vaguest; what a later one would find is not read."""
        own, path = self._files.own, unquote(urlsplit(url).path)
        names = _named(path)
        yield self._literal(own, [url, path])
        if rule is Rule.WRITTEN_MEDIA:
            yield [*self._settings(_OWN_MEDIA, every=True), *self._made(own, url, response)]
        if DIGEST.search(path):
            # Only {% static %} and static() make such a name.
            yield from (self._named(files, [name], response) for name in names for files in self._everywhere())
        if begun := list(self._beginnings(own, path)):
            yield [*begun, *self._made(own, url, response)]
        yield self._literal(self._files.packaged, [url, path])
        yield from (self._named(files, names[:1], response) for files in self._everywhere())
        yield self._view(path)
        if "/CACHE/" in path:
            yield self._compressed(path, response)
        yield self._made(own, url, response)
        yield self._quoted(own, path)
        yield self._named(own, names[1:], response)
        yield self._made(self._files.packaged, url, response)

    def _everywhere(self) -> Iterator[list[SourceFile]]:
        """The project's files; then its packages', which are not read before they are needed."""
        yield self._files.own
        yield self._files.packaged

    # The ways.

    def _settings(self, pattern: str, *, every: bool = False) -> Iterator[dict]:
        """The last line in each Python file, settings first."""
        order = sorted(self._files.python, key=lambda file: ("settings" not in file.name, file.name))
        for file in order:
            matches = list(re.finditer(pattern, file.text, re.MULTILINE))
            for match in matches if every else matches[-1:]:
                yield file.place(match.start() + len(match[0]) - len(match[0].lstrip()))

    def _icon(self, response: Response | None) -> Iterator[dict]:
        """The template with the page's head."""
        if response is None:
            return
        found = page_template(self._files.templates, response.text, "<head")
        if found:
            yield found[0].place(found[1])
            return
        found = page_template(self._files.packaged, response.text, "<head")
        if found:
            template, at = found
            folder = template.package.partition("/")[0]
            extends = re.compile(rf"""{{%\s*extends\s+["']{re.escape(folder)}/[^"']*["']""")
            made = [it for it in self._files.templates if extends.search(it.text) and share(it, response.text) >= 0.5]
            for own in sorted(made, key=lambda it: f"templates/{folder}/base" not in it.name)[:1]:
                yield own.place(extends.search(own.text).start())
            yield template.place(at)
        elif _DJANGO_PAGES.get(response.kind, "<head>") in response.text and response.kind in _DJANGO_PAGES:
            name = f"templates/{response.kind}.html"
            yield {"place": name, "text": f"(missing: this is Django's own {response.kind} page, which has no icon)"}

    def _literal(self, texts: Iterable[SourceFile], needles: Iterable[str]) -> Iterator[dict]:
        for needle in needles:
            pattern = re.compile(rf"(?<![\w-]){re.escape(needle)}(?![\w-]|\.\w)")
            found = [
                file.place(match.start())
                for file in texts
                if needle in file.text and (match := pattern.search(file.text))
            ]
            if found:
                yield from found
                return

    def _beginnings(self, texts: Iterable[SourceFile], path: str) -> Iterator[dict]:
        """Lines that write the beginning of a path, and have the rest filled in: "/static/" + name."""
        prefix = f"/{path.lstrip('/').partition('/')[0]}/"
        if path.count("/") < 2:
            return
        pattern = re.compile(rf"""({re.escape(prefix)}[\w./-]*)(?=["'`{{$%])""")
        found = []
        for file in texts:
            if prefix not in file.text:
                continue
            text = _ASSIGNED.sub(lambda match: " " * len(match[0]), file.text)
            found += [
                (len(match[1]), file.place(match.start()))
                for match in pattern.finditer(text)
                if path.startswith(match[1])
            ]
        longest = max((length for length, _ in found), default=0)
        yield from (place for length, place in found if length == longest)

    def _named(self, texts: Iterable[SourceFile], names: list[str], response: Response | None) -> Iterator[dict]:
        """{% static 'name' %} or static('name'); of several templates those that made the response first."""
        for name in names:
            pattern = re.compile(rf"""\bstatic\(?\s*["']{re.escape(name)}["']|(?<![\w-]){re.escape(name)}(?=["')])""")
            found = [
                (file, match.start()) for file in texts if name in file.text and (match := pattern.search(file.text))
            ]
            if found:
                if response is not None:
                    found.sort(key=lambda it: (it[0].kind != "template", -share(it[0], response.text)))
                yield from (file.place(at) for file, at in found)
                return

    def _view(self, path: str) -> Iterator[dict]:
        """The template line with {% url %} of the view that has this path, then the route."""
        routes = [
            (len(match[1]), match[2], file, match.start())
            for file in self._files.python
            for match in _ROUTE.finditer(file.text)
            if match[1] and re.search(rf"(?:^|/){_as_pattern(match[1])}$", path)
        ]
        if routes:
            _, name, file, at = max(routes, key=lambda it: it[0])
            pattern = re.compile(rf"""{{%\s*url\s+["'](?:[\w-]+:)*{re.escape(name)}["']""")
            for template in self._files.templates:
                if match := pattern.search(template.text):
                    yield template.place(match.start())
            yield file.place(at)

    def _compressed(self, path: str, response: Response | None) -> Iterator[dict]:
        kind = "css" if path.endswith(".css") else "js"
        pattern = re.compile(rf"{{%\s*compress\s+{kind}\b")
        found = [(file, match.start()) for file in self._files.templates if (match := pattern.search(file.text))]
        if response is not None:
            found.sort(key=lambda it: -share(it[0], response.text))
        yield from (file.place(at) for file, at in found)

    def _made(self, texts: Iterable[SourceFile], url: str, response: Response | None) -> Iterator[dict]:
        """The template line that filled the URL in."""
        offset = response.find(url) if response else -1
        if response is not None and offset >= 0:
            templates = [file for file in texts if file.kind == "template"]
            found = line_that_made(templates, response.text, offset)
            if found:
                yield found[0].place(found[1])

    def _quoted(self, texts: Iterable[SourceFile], path: str) -> Iterator[dict]:
        """The file's own name as a string of its own."""
        name = DIGEST.sub("", path.rpartition("/")[2], count=1)
        pattern = re.compile(rf"""["'/`]{re.escape(name)}["'`]""")
        if "." in name:
            yield from (file.place(match.start()) for file in texts if (match := pattern.search(file.text)))


def _named(path: str) -> list[str]:
    """The names by which a template may know a file: its path without hash, then without its first folder."""
    plain = DIGEST.sub("", path.strip("/"), count=1)
    inner = plain.partition("/")[2]
    return [name for name in (plain, inner) if "/" in name or name == plain]


def _as_pattern(route: str) -> str:
    return "[^/]+".join(re.escape(piece) for piece in _CONVERTER.split(route))
