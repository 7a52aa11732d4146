"""What to do about a finding at the line that it is written in: the one form that applies to that kind of file."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from static_smoke.http.hosts import Hosts
from static_smoke.rules import Rule
from static_smoke.site.digests import DIGEST
from static_smoke.site.manifest import Manifest
from static_smoke.source.files import SourceFile
from static_smoke.source.find import Source
from static_smoke.verdict import Finding

_PATHS = {Rule.WRITTEN, Rule.WRITTEN_MAYBE, Rule.LINKED, Rule.ASKED, Rule.ARRIVED}
_STATIC_URL = {Rule.NO_CDN, Rule.NO_STATIC_HOST}
_SCRIPTS = {".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue"}
_SHEETS = {".css", ".scss", ".sass", ".less"}
_STAR = re.compile(r"from\s+[\w.]+\s+import\s+\*")
# An assignment of more than a path of the site's own.
_REMOTE = re.compile(r"""STATIC_URL\s*=(?!=)(?!\s*["']/?[\w./-]*["'])""")


def with_fixes(findings: Iterable[Finding], source: Source | None, hosts: Hosts, manifest: Manifest) -> list[Finding]:
    """The findings; one whose line was found has the fix for it in place of its rule's.

    ``source``: None where the project's files are not here. ``manifest``: without entries where none was given.
    """
    return [replace(it, fix=_fix(it, source, hosts, manifest) or it.fix) for it in findings]


def _fix(finding: Finding, source: Source | None, hosts: Hosts, manifest: Manifest) -> str:
    """ "" where the finding's own stands."""
    rule = Rule[finding.rule]
    line = source.line(finding.written[0]["place"]) if source and finding.written else None
    if line is None or finding.fix != rule.fix:
        return ""
    file, number = line
    if rule in _STATIC_URL:
        return _setting(file, number, hosts)
    if rule is Rule.WRITTEN_MEDIA:
        return _upload(file, number, hosts)
    if rule not in _PATHS:
        return ""
    if urlsplit(finding.url).path == "/favicon.ico":
        return Rule.NO_ICON.fix
    return _path(file, number, finding.url, source.templates_folder, hosts, manifest)


def _setting(file: SourceFile, number: int, hosts: Hosts) -> str:
    lines = file.text.split("\n")
    to = f"set STATIC_URL to {hosts.static or 'the URL of the CDN'}"
    earlier = max((at for at, line in enumerate(lines[: number - 1], 1) if _REMOTE.match(line)), default=0)
    if earlier and lines[number - 1].startswith("STATIC_URL"):
        return f"delete this line: line {earlier} sets STATIC_URL too"
    imported = next((at for at, line in enumerate(lines, 1) if _STAR.match(line)), 0)
    return f"{to}, or delete this line if the import in line {imported} sets it" if imported else to


def _upload(file: SourceFile, number: int, hosts: Hosts) -> str:
    line = file.line(number)
    if file.kind == "python" and "FileSystemStorage" in line:
        return "use the default storage in place of FileSystemStorage: it writes to the bucket, with URLs of MEDIA_URL"
    if file.kind == "python" and "MEDIA_URL" in line and hosts.media:
        return f"set MEDIA_URL to {hosts.media}"
    return ""


def _path(file: SourceFile, number: int, url: str, folder: str, hosts: Hosts, manifest: Manifest) -> str:
    """``folder``: where the project's templates are."""
    name = _name(url, hosts, manifest)
    if "." not in PurePosixPath(name).name:
        return ""  # the beginning of a path, whose end nobody knows
    todo = _form(file, file.line(number), url, name, hosts)
    if todo and file.package:
        todo = f"copy the template to {folder}/{file.package} and {todo} there: do not edit the package"
    if todo and manifest.entries and not manifest.source(name):
        return f"no file {name} is among the collected files: add it, and {todo}; or take the line out"
    return todo


def _form(file: SourceFile, line: str, url: str, name: str, hosts: Hosts) -> str:
    """The change to the line, such as "write … in place of …"; "" where the line has no such path."""
    path = unquote(urlsplit(url).path)
    prefix = next((it for it in _longest(hosts) if it in line), "")
    if file.kind == "static":
        return _relative(PurePosixPath(file.name).suffix, name)
    tag, call = f"{{% static '{name}' %}}", f'static("{name}")'
    if file.kind == "python":
        imported = "from django.templatetags.static import static"
        return f"write {call} in place of the path ({imported})" if path in line or prefix else ""
    if path in line:
        return f"write {tag} in place of {path}"
    if DIGEST.search(path):
        # Only {% static %} makes such a name.
        return f"set STATIC_URL to {hosts.static or 'the URL of the CDN'}: this line is right"
    if prefix:
        return f"build the path with {{% static %}}, without {prefix}: here {tag}"
    return f"give this line's variable a URL that Python made with {call}"


def _relative(suffix: str, name: str) -> str:
    if suffix in _SHEETS:
        return f"write the path relative to this stylesheet, such as url(../{name})"
    if suffix in _SCRIPTS:
        return (
            'import by a path relative to this script, as in import("./name.js"), '
            f"or let a template hand it the URL: {{% static '{name}' %}}"
        )
    return "write the path relative to this file"


def _name(url: str, hosts: Hosts, manifest: Manifest) -> str:
    """The name by which {% static %} knows a file of the origin: without prefix and hash."""
    path = DIGEST.sub("", unquote(urlsplit(url).path), count=1)
    prefix = next((it for it in _longest(hosts) if path.startswith(it)), "/")
    name = path.removeprefix(prefix)
    inner = name.partition("/")[2]
    # A STATIC_URL of the site's own, which no prefix fits.
    return inner if inner and prefix == "/" and not manifest.source(name) and manifest.source(inner) else name


def _longest(hosts: Hosts) -> list[str]:
    return sorted(hosts.prefixes, key=len, reverse=True)
