"""Finds what Vite, webpack and their like have built, by their manifests.

Two packages read a manifest on the server: django-vite and django-webpack-loader; their settings name it. Any other is
found beside the static files: Vite's (``.vite/manifest.json``, before Vite 5 ``manifest.json``), and flat ones, as
webpack-manifest-plugin and many others write them.
"""

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders

from slipway import ROOT
from slipway.tool import front_end
from slipway.tool.assets.bundlers.carried_hash import is_hashed
from slipway.tool.assets.collect import Source, shown
from slipway.web.errors import SlipwayError

# Older settings of django-vite, before DJANGO_VITE: https://github.com/MrBin99/django-vite
OLD_DJANGO_VITE = {
    "dev_mode": "DJANGO_VITE_DEV_MODE",
    "static_url_prefix": "DJANGO_VITE_STATIC_URL_PREFIX",
    "manifest_path": "DJANGO_VITE_MANIFEST_PATH",
}


@dataclass(frozen=True, slots=True)
class Output:
    """What one bundler has built. Names of files are those that ``{% static %}`` takes.

    ``prefix`` is that of its folder, "" or with a slash at its end. ``listed`` are the files of its manifest, ``files``
    these and all others of the folder. ``known`` are the bundler's names for its files, without folder, hash and
    extension. ``missing`` is the first file of a Vite manifest that does not exist, or "".
    """

    manifest: str
    prefix: str
    files: tuple[str, ...]
    listed: frozenset[str]
    known: frozenset[str]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """A manifest that a package reads on the server.

    ``setting`` is the package's, DJANGO_VITE or WEBPACK_LOADER, and ``name`` the key in it. ``prefix`` is what the
    package puts before a file: "", or with a slash at its end. ``ignored`` are expressions for files that it skips.
    """

    setting: str
    name: str
    path: Path
    prefix: str
    ignored: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return f'{self.setting}["{self.name}"]'

    def document(self) -> dict[str, Any]:
        """The manifest. Raises SlipwayError where the package could not use it."""
        path = self.find()
        document = _parse(path)
        if document is None:
            raise SlipwayError(f"{shown(path)}:1: is not JSON, and {self.shown} reads it; build the front end again")
        if document.get("status", "done") != "done":
            raise SlipwayError(f"{shown(path)}:1: its status is {document['status']}; build the front end again")
        public = document.get("publicPath", "auto")
        if public != "auto" and not str(public).startswith(settings.STATIC_URL):
            raise SlipwayError(f"{shown(path)}:1: its publicPath is {public}, not on the CDN; set webpack's to 'auto'")
        return document

    def check_files(self, document: dict[str, Any], sources: Mapping[str, Source]) -> None:
        """Raises SlipwayError for a file of it that is no static file below ``prefix``: its page would be a 500."""
        missing = _missing(self._files(document), self.prefix, sources)
        if not missing:
            return
        option = "static_url_prefix" if self.setting == "DJANGO_VITE" else "BUNDLE_DIR_NAME"
        there = next((name for name in sources if name.endswith(f"/{missing.removeprefix(self.prefix)}")), "")
        folder = there.removesuffix(missing.removeprefix(self.prefix)).rstrip("/")
        raise SlipwayError(
            f"{self.shown}: its manifest {shown(self.find())} names {missing}, which does not exist; "
            + (f"set {option} to '{folder}'" if there else f"build the front end again, or mend {option}")
        )

    def _files(self, document: dict[str, Any]) -> Iterator[str]:
        """What the package makes URLs of."""
        if self.setting == "DJANGO_VITE":
            yield from (file for file, _ in _entries(document))
            return
        assets = document.get("assets") or {}
        for file in (file for files in (document.get("chunks") or {}).values() for file in files):
            elsewhere = assets.get(file, {}).get("publicPath", "auto") != "auto"
            if not elsewhere and not any(re.match(pattern, file) for pattern in self.ignored):
                yield file

    def find(self) -> Path:
        """The file on this machine. Below STATIC_ROOT, it is what collectstatic would have put there.

        Raises SlipwayError where there is none.
        """
        found: str | Path | None = self.path
        if self.path.is_relative_to(settings.STATIC_ROOT):
            found = finders.find(self.path.relative_to(settings.STATIC_ROOT).as_posix())
            # django-compressor's finder finds what an earlier build has put there.
            found = None if found == str(self.path) else found
        if not found or not Path(found).is_file():
            raise SlipwayError(
                f"{self.shown}: its manifest {shown(self.path)} does not exist; build the front end first, or let "
                "`build:` in site.yml do it"
            )
        return Path(found)


def manifests() -> list[Path]:
    """The manifests that packages of the project read on the server, where they read them.

    One below STATIC_ROOT exists once ``provide`` has run.
    """
    return [reader.path for reader in readers()]


def provide() -> None:
    """Copies the manifests that are read below STATIC_ROOT there. Raises SlipwayError for a missing one."""
    for reader in readers():
        found = reader.find()
        if found != reader.path:
            reader.path.parent.mkdir(parents=True, exist_ok=True)
            reader.path.write_bytes(found.read_bytes())


def readers() -> Iterator[Reader]:
    """Raises SlipwayError where pages would load from a development server."""
    if apps.is_installed("django_vite"):
        yield from _django_vite()
    if apps.is_installed("webpack_loader"):
        for name, config in getattr(settings, "WEBPACK_LOADER", {"DEFAULT": {}}).items():
            path = ROOT / config.get("STATS_FILE", "webpack-stats.json")
            prefix = _prefix(config.get("BUNDLE_DIR_NAME", "webpack_bundles/"))
            ignored = tuple(config.get("IGNORE", (r".+\.hot-update.js", r".+\.map")))
            yield Reader("WEBPACK_LOADER", name, path, prefix, ignored)


def _django_vite() -> Iterator[Reader]:
    old = {key: getattr(settings, name) for key, name in OLD_DJANGO_VITE.items() if hasattr(settings, name)}
    for name, config in (getattr(settings, "DJANGO_VITE", None) or {"default": old}).items():
        config = config if isinstance(config, Mapping) else config._asdict()
        if config.get("dev_mode"):
            raise SlipwayError(
                f'DJANGO_VITE["{name}"]: dev_mode is on, so pages would load from a development server; set it above '
                "Slipway's line"
            )
        prefix = _prefix(config.get("static_url_prefix", ""))
        path = config.get("manifest_path") or Path(settings.STATIC_ROOT, prefix, "manifest.json")
        yield Reader("DJANGO_VITE", name, ROOT / path, prefix)


def check_folders() -> None:
    """Raises SlipwayError where `build` of site.yml has not made a folder of STATICFILES_DIRS."""
    command = os.environ.get(front_end.BUILT)
    for directory in settings.STATICFILES_DIRS if command else ():
        path = directory[1] if isinstance(directory, list | tuple) else directory
        if not Path(path).is_dir():
            raise SlipwayError(
                f"STATICFILES_DIRS: {shown(path)} does not exist, and `{command}` has not made it; let the bundler "
                "write there, or take it out"
            )


def outputs(sources: Mapping[str, Source]) -> Iterator[Output]:
    """What bundlers have built for this project, by each manifest.

    Raises SlipwayError for a manifest that a package could not use on the server.
    """
    read = set()
    for reader in readers():
        document, path = reader.document(), reader.find()
        read.add(path)
        reader.check_files(document, sources)
        yield _output(path, document, reader.prefix, sources)
    for path, prefix in _beside(sources):
        document = None if path in read else _parse(path)
        if not document:
            continue
        output = _output(path, document, prefix, sources)
        # The manifest of a web app has the same name.
        if any(is_hashed(name, output.known) for name in output.listed) or (_is_vite(document) and output.listed):
            yield output


def _beside(sources: Mapping[str, Source]) -> Iterator[tuple[Path, str]]:
    """Files of the project that may be manifests, each with the prefix of its output folder."""
    own = [source for source in sources.values() if source.own]
    folders: dict[str, str] = {}
    for name, path in {(posixpath.dirname(source.name), posixpath.dirname(source.path)) for source in own}:
        while folders.setdefault(path, _prefix(name)) == _prefix(name) and name:
            name, path = posixpath.dirname(name), posixpath.dirname(path)
    for folder, prefix in sorted(folders.items()):
        # No finder lists a hidden folder.
        manifest = Path(folder, ".vite", "manifest.json")
        if manifest.is_file():
            yield manifest, prefix
    for source in own:
        if source.name.endswith("manifest.json"):
            yield Path(source.path), _prefix(posixpath.dirname(source.name))


def _output(path: Path, document: dict[str, Any], prefix: str, sources: Mapping[str, Source]) -> Output:
    listed, known = set(), set()
    for file, own_names in _entries(document):
        known |= {PurePosixPath(name).stem for name in own_names}
        # A flat manifest has the public path before the name: auto/main.js, /static/dist/main.js.
        parts = urlsplit(file).path.lstrip("/").split("/")
        names = [posixpath.normpath(prefix + "/".join(parts[start:])) for start in range(len(parts))]
        listed |= set([name for name in names if name in sources][:1])
    folder = path.parent.parent if path.parent.name == ".vite" else path.parent
    below = [name for name in sources if sources[name].path == f"{folder}/{name.removeprefix(prefix)}"]
    if listed.isdisjoint(below):
        # The manifest is elsewhere, as webpack-bundle-tracker's is.
        folders = {posixpath.dirname(name) for name in listed} - {""}
        below = [name for name in sources if posixpath.dirname(name) in folders]
    missing = _missing((file for file, _ in _entries(document)), prefix, sources) if _is_vite(document) else ""
    files = tuple(sorted(listed.union(below)))
    return Output(os.fspath(path), prefix, files, frozenset(listed), frozenset(known), missing)


def _missing(files: Iterable[str], prefix: str, sources: Mapping[str, Source]) -> str:
    """The first of a manifest's files that is no static file, with its prefix; "" if there is none."""
    names = (posixpath.normpath(prefix + file) for file in files if file)
    return next((name for name in names if name not in sources), "")


def _entries(document: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each file of a manifest, with the names that its bundler has for it."""
    for chunk in document["chunks"] if isinstance(document.get("chunks"), dict) else ():
        yield "", [chunk]
    # webpack-bundle-tracker's and create-react-app's files are one level below.
    inner = next((document[key] for key in ("assets", "files") if isinstance(document.get(key), dict)), document)
    for key, entry in inner.items():
        if isinstance(entry, str):
            yield entry, [] if entry.endswith(key) else [key]
        elif isinstance(entry, dict):
            names = [entry[name] for name in ("name", "src", "sourceFilename") if isinstance(entry.get(name), str)]
            file = entry.get("file", key if inner is not document else "")
            yield str(file), [name for name in names if name != file]
            for kind in ("css", "assets"):
                yield from ((file, []) for file in entry.get(kind) or () if isinstance(file, str))


def _is_vite(document: dict[str, Any]) -> bool:
    return all(isinstance(entry, dict) and "file" in entry for entry in document.values())


def _parse(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _prefix(folder: str) -> str:
    folder = os.fspath(folder).strip("/")
    return f"{folder}/" if folder else ""
