"""Finds the names of static files that a browser makes at run time, where no hash reaches.

A name beside the script, by new URL(), is the file's plain name on the CDN: that one is pushed too. A name
relative to the page is asked from the site, which has no static files: a warning says where it stands.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.conf import settings
from django.urls import Resolver404, resolve

from slipway.tool.assets import urls
from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.collect import Naming, Source, shown
from slipway.tool.assets.hashing import did_you_mean
from slipway.tool.assets.scripts import script_names
from slipway.tool.assets.scripts.modules import SCRIPTS, imported
from slipway.tool.assets.scripts.script_names import BESIDE, IMPORT, IMPORT_SCRIPTS, OTHER, SERVICE_WORKER, WORKER, Name
from slipway.web.errors import SlipwayError

# An import map does not reach a worker or a worklet: what one imports is requested by its plain name.
IN_WORKER = re.compile(rb"\bself\.(?:onmessage|postMessage|addEventListener)\b|\bregisterProcessor\(|\bimportScripts\(")
# An image's name in a regular expression: the script takes the image's address apart, to find the folder.
# It is found by its end: that begins with a literal, and takes a fiftieth of the time.
TAKEN_APART = re.compile(rb"\\\.(gif|png|svg|webp)\b")
LAST_WORD = re.compile(rb"[\w-]+\Z")
# Text formats whose readers look for files beside the text: playlists, 3D models, sprites, pages, images.
TEXTS = (".atlas", ".fnt", ".gltf", ".htm", ".html", ".json", ".m3u8", ".mpd", ".mtl", ".svg", ".vtt", ".xml")
FILE = re.compile(rb"(?<![\w@%./~+-])[\w@%./~+-]+\.[a-zA-Z]\w{0,9}")
# What a JSON file names beside itself, if anything: its other names are data.
MEDIA = re.compile(r".*\.(?:avif|bin|gif|jpe?g|ktx2?|mp3|mp4|ogg|png|svg|ttf|wasm|wav|webm|webp|woff2?)", re.IGNORECASE)
TAG = re.compile(rb"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}")
# A worker with the CDN's URL, as a template writes it.
STARTED = re.compile(rb"(Worker|serviceWorker\s*\.\s*register)\(\s*[\"'`]\{%\s*static\s+[\"']([^\"']+)")
NO_SCRIPT = re.compile(rb"\bsrc\s*=|\btype\s*=\s*[\"']?(?!module|text/javascript|application/javascript)[\w/+-]", re.I)
IMPORT_MAP = re.compile(rb"<script\b[^>]*\bimportmap\b[^>]*>(.*?)</script", re.IGNORECASE | re.DOTALL)
KEY = re.compile(rb'"([^"\s]+)"\s*:')
MESSAGES = {
    WORKER: "a browser starts no worker of another host, as the CDN is",
    SERVICE_WORKER: "a service worker has to come from the site itself",
    IMPORT_SCRIPTS: "a worker that comes from the CDN has no folder on it",
}
HELP = 'see "Names made at run time" in docs/static-files.md'


@dataclass(frozen=True, slots=True)
class RuntimeNames:
    """``beside`` maps a script to the first name in it that is relative to the script: its place, and the name."""

    warnings: list[str]
    beside: dict[str, tuple[str, str]]

    def warnings_of_bundles(self, bundled: Collection[str]) -> list[str]:
        """Those about scripts in a bundle, whose names are relative to that."""
        return [
            f"{where}: {name} would be beside the bundle, and is not; take the script out of {{% compress %}}"
            for script, (where, name) in sorted(self.beside.items())
            if script in bundled
        ]


def decide(sources: Mapping[str, Source], templates: Iterable[TemplateFile]) -> RuntimeNames:
    """Sets the ``naming`` of files that scripts of the project request by plain name on the CDN.

    Raises SlipwayError for a name beside a script that no file has, and in pull mode where a plain name is needed.
    """
    scanner = _Scanner(sources)
    scanner.run(templates)
    return RuntimeNames(scanner.warnings, scanner.beside)


def taken_apart(sources: Mapping[str, Source]) -> set[str]:
    """The images whose address a script beside them takes apart, as Leaflet does, to find the folder that they are in.

    A stylesheet refers to them by their plain names, where the bucket has those.
    """
    found: set[str] = set()
    for script, source in sources.items():
        if settings.SLIPWAY_PULL or not script.lower().endswith(SCRIPTS) or b"background" not in source.body:
            continue
        images = set(_images_taken_apart(source.body))
        folder = posixpath.dirname(script)
        if images and folder:
            found.update(
                name
                for name, image in sources.items()
                if image.naming is not Naming.HASHED
                and name.startswith(f"{folder}/")
                and posixpath.basename(name).encode() in images
            )
    return found


def _images_taken_apart(body: bytes) -> Iterator[bytes]:
    for extension in TAKEN_APART.finditer(body):
        if name := LAST_WORD.search(body[max(0, extension.start() - 100) : extension.start()]):
            yield name[0] + b"." + extension[1]


class _Scanner:
    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.sources = sources
        self.warnings: list[str] = []
        self.beside: dict[str, tuple[str, str]] = {}
        self._said: set[tuple[str, str]] = set()
        # What the page's own import map has.
        self._mapped: set[str] = set()
        # Scripts that are requested by plain name, or are in a worker: so are the files that they import.
        self._waiting: list[str] = []

    def run(self, templates: Iterable[TemplateFile]) -> None:
        for name, source in self.sources.items():
            if source.own and name.lower().endswith(SCRIPTS):
                self._script(name, source.body, shown(source.path))
                if IN_WORKER.search(source.body):
                    self._waiting.append(name)
            elif source.own and name.lower().endswith(TEXTS):
                self._text(name, source)
        for template in templates:
            if template.own and b"<script" in template.body:
                for start in STARTED.finditer(template.body):
                    where = template.place(template.body.count(b"\n", 0, start.start()) + 1)
                    use = WORKER if start[1] == b"Worker" else SERVICE_WORKER
                    self._warn(where, f"{MESSAGES[use]}: {start[2].decode('utf-8', 'replace')}; {HELP}")
                self._mapped = _mapped(template.body)
                for line, body in _inline(template.body):
                    self._script("", body, template.place(0).rpartition(":")[0], line)
        self._follow()

    def _script(self, script: str, body: bytes, place: str, above: int = 0) -> None:
        """``script`` is the file's name, "" for a script in a page; ``above``: lines before it."""
        relative: list[tuple[str, Name, list[str]]] = []
        for name in script_names.names(body, lambda *text: self._is_promising(script, *text)):
            where = f"{place}:{name.line + above}"
            targets = self._targets(script, name)
            if not script and name.use == BESIDE:
                # In a page, that is the page's own URL.
                name = replace(name, use=OTHER, beside=False)
            if name.beside and not name.head.startswith("/"):
                self.beside.setdefault(script, (where, name.shown))
            if name.beside and name.use != IMPORT and script:
                self._beside(where, script, name, targets)
            if name.use == IMPORT and not script:
                self._warn_of_import(where, name, targets)
            elif name.use in MESSAGES and targets and not (name.use == SERVICE_WORKER and _is_view(name)):
                self._warn(where, f"{MESSAGES[name.use]}: {name.shown}; {HELP}")
            elif name.use != OTHER:
                continue
            elif name.head.startswith(urls.DEVELOPMENT_URL):
                if targets or self._is_folder(name.head.removeprefix(urls.DEVELOPMENT_URL)):
                    what = f"{name.shown} is requested from the site, which has no static files"
                    self._warn(where, f"{what}; {_way(name)}")
            elif targets and not self._is_plain(targets[0]) and name.shown.strip("./*"):
                relative.append((where, name, targets))
        if relative:
            self._warn_of_relative(script, relative)

    def _warn_of_relative(self, script: str, found: list[tuple[str, Name, list[str]]]) -> None:
        """One warning a script: a library names many files."""
        where, name, targets = found[0]
        more = f" (and {len(found) - 1} more)" if found[1:] else ""
        link = "is" if name.is_fixed else "may be"
        what = f"{name.shown} {link} a plain name of {targets[0]}, whose name on the CDN has a hash{more}"
        folders = posixpath.dirname(script), posixpath.dirname(targets[0])
        folder = posixpath.commonpath(folders) or folders[1]
        ways = [] if settings.SLIPWAY_PULL else [f"list {folder + '/' if folder else ''}* in SLIPWAY_UNHASHED"]
        if name.is_fixed or settings.SLIPWAY_PULL:
            ways.append(f"pass {{% static '{targets[0]}' %}} in from a template")
        self._warn(where, f"{what}; {', or '.join(ways)}: {HELP}")

    def _warn_of_import(self, where: str, name: Name, targets: list[str]) -> None:
        if name.head.startswith((".", urls.DEVELOPMENT_URL)) and name.shown not in self._mapped:
            if not targets and name.is_fixed:
                end = "/" + re.sub(r"^(?:\.\.?/)+", "", name.head)
                near = [file for file in self.sources if f"/{file}".endswith(end)]
                targets = near if len(near) == 1 else []
            known = f"{{% static '{targets[0]}' %}}" if targets else "{% static %}"
            self._warn(where, f"a script in a page imports {name.shown} from the site; write {known}")

    def _beside(self, where: str, script: str, name: Name, targets: list[str]) -> None:
        if name.head.startswith("/"):
            if targets:
                self._warn(where, f"new URL() requests {name.shown} from the CDN; write it relative to this script")
            return
        if not targets and name.is_fixed:
            target = urls.target(name.head, script)
            if target is not None and target.name in self._folders:
                targets = self._below(where, script, target.name)
            elif target is not None and posixpath.splitext(target.name)[1]:
                hint = did_you_mean(target.name, self.sources)
                raise SlipwayError(f"{where}: new URL() names {name.shown}, which does not exist{hint}")
        hashed = [target for target in targets if not self._is_plain(target)]
        if hashed and settings.SLIPWAY_PULL:
            raise SlipwayError(
                f"{where}: new URL() requests {hashed[0]} by its plain name, and a CDN that pulls gets hashed names "
                "only; pass its URL in from a template"
            )
        self._publish(targets)

    def _text(self, name: str, source: Source) -> None:
        found = set()
        for match in set(FILE.findall(source.body)):
            target = urls.target(match.decode("utf-8", "replace"), name)
            if target is None or target.name not in self.sources or target.name == name:
                continue
            is_named = MEDIA.fullmatch(target.name) or not name.lower().endswith(".json")
            if is_named and not self._is_plain(target.name):
                found.add(target.name)
        if found and settings.SLIPWAY_PULL:
            what = f"names {min(found)} by its plain name, and a CDN that pulls has hashed names only"
            self._warn(f"{shown(source.path)}:1", f"{what}: {HELP}")
        self._publish(sorted(found))

    def _below(self, where: str, script: str, folder: str) -> list[str]:
        """The files of a folder, whose names are added at run time; a script's own folder may have too many."""
        below = [name for name in self.sources if name.startswith(f"{folder}/")]
        if not script.startswith(f"{folder}/"):
            return below
        if not all(map(self._is_plain, below)):
            self._warn(where, f"adds names to its own folder at run time; list {folder}/* in SLIPWAY_UNHASHED: {HELP}")
        return []

    def _publish(self, targets: Iterable[str]) -> None:
        for target in targets:
            if self.sources[target].naming is Naming.HASHED:
                self.sources[target].naming = Naming.BOTH
                self._waiting.append(target)

    def _follow(self) -> None:
        """Publishes what scripts import that no import map reaches."""
        done: set[str] = set()
        while self._waiting:
            name = self._waiting.pop()
            if name not in done and name.lower().endswith(SCRIPTS):
                done.add(name)
                self._publish(imported(self.sources, name))

    def _is_promising(self, script: str, text: str, begins: bool) -> bool:
        # A script in a page imports a relative name from the site, whatever files there are.
        if text.startswith(urls.DEVELOPMENT_URL) or (not script and text.startswith(("./", "../"))):
            return True
        folder, _, file = text.partition("?")[0].rpartition("/")
        if begins:
            return folder.rpartition("/")[2] in self._last_parts
        return file in self._last_parts and any(name in self.sources for name in self._candidates(script, text))

    def _targets(self, script: str, name: Name) -> list[str]:
        """The files that it may be the name of."""
        parts = name.parts
        if parts[0] is None and name.use == OTHER and parts[1:]:
            # An unknown folder, and a name in it.
            parts = ((parts[1] or "").lstrip("/"), *parts[2:])
        found = script_names.fitting(parts, script, self.sources)
        if found or name.beside or name.use == IMPORT or name.head.startswith(("/", "..")):
            return found
        return script_names.fitting(parts, "", self.sources)

    def _candidates(self, script: str, text: str) -> Iterator[str]:
        """The names that a text may stand for: from the script's folder, or from the root of all static files."""
        for folder in (script, ""):
            target = urls.target(text, folder)
            if target is not None:
                yield target.name

    def _is_plain(self, name: str) -> bool:
        """Whether the CDN has the file under its plain name; one that pulls has the names alone that carry a hash."""
        naming = self.sources[name].naming
        return naming is Naming.KEPT if settings.SLIPWAY_PULL else naming is not Naming.HASHED

    def _is_folder(self, name: str) -> bool:
        return name == "" or (name.endswith("/") and name[:-1] in self._folders)

    @cached_property
    def _last_parts(self) -> frozenset[str]:
        """The last part of each file's and each folder's name."""
        return frozenset(posixpath.basename(name) for name in (*self.sources, *self._folders))

    @cached_property
    def _folders(self) -> frozenset[str]:
        folders: set[str] = set()
        for name in self.sources:
            while (name := posixpath.dirname(name)) and name not in folders:
                folders.add(name)
        return frozenset(folders)

    def _warn(self, where: str, what: str) -> None:
        file, _, _ = where.rpartition(":")
        # Once for a script, however often it does that.
        if (file, what) not in self._said:
            self._said.add((file, what))
            self.warnings.append(f"{where}: {what}")


def _way(name: Name) -> str:
    path = name.head.removeprefix(urls.DEVELOPMENT_URL)
    if name.is_fixed and not path.endswith("/") and path:
        return f"pass {{% static '{path}' %}} in from a template"
    return HELP


def _is_view(name: Name) -> bool:
    """Whether the site answers that path itself."""
    if not name.is_fixed or name.head.startswith(urls.DEVELOPMENT_URL):
        return False
    try:
        resolve("/" + name.head.lstrip("./"))
    except Resolver404:
        return False
    return True


def _mapped(page: bytes) -> set[str]:
    """The names in import maps that the page writes itself, and those that the setting adds."""
    found = {match.decode("utf-8", "replace") for each in IMPORT_MAP.findall(page) for match in KEY.findall(each)}
    return found.union(getattr(settings, "SLIPWAY_IMPORTS", {}))


def _inline(page: bytes) -> Iterator[tuple[int, bytes]]:
    """The scripts in a template, with the number of lines above; its tags are blank."""
    blank = TAG.sub(lambda tag: re.sub(rb"[^\n]", b" ", tag[0]), page)
    lower = blank.lower()
    end = 0
    while (start := lower.find(b"<script", end)) >= 0 and (body := lower.find(b">", start)) >= 0:
        end = lower.find(b"</script", body)
        end = len(blank) if end < 0 else end
        if not NO_SCRIPT.search(blank, start, body):
            yield page.count(b"\n", 0, body), blank[body + 1 : end]
