"""Names each file by the hash of its final bytes.

A file is hashed after the files that it references, so each is rewritten only once.
"""

import difflib
import json
import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.conf import settings

from slipway.tool.assets import css, urls, webmanifest
from slipway.tool.assets.collect import Naming, Source, shown, unicode_form
from slipway.tool.assets.scripts import source_maps
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import name_digest


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file with its references resolved; ``name`` has a hash, except that a bundler's file keeps its own."""

    source: Source
    name: str
    body: bytes


def hashed_name(name: str, digest: str) -> str:
    """Django's scheme: css/base.css becomes css/base.0123456789ab.css."""
    root, extension = posixpath.splitext(name)
    return f"{root}.{digest[:12]}{extension}"


@dataclass(slots=True)
class Hasher:
    """Resolves and hashes the files of one build.

    A missing or circular reference is an error in a file of the project. In one of an installed
    package, where such stylesheets are common, it is a warning: the URL stays as it is, and the
    package's plain names are in the bucket too.

    ``manifests`` are the names of the files that a page links as its web manifest.
    """

    sources: dict[str, Source]
    manifests: Collection[str] = ()
    # Images that stylesheets refer to by plain name: see runtime_names.
    taken_apart: Collection[str] = ()
    files: dict[str, Hashed] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def all(self) -> dict[str, Hashed]:
        """Every file by its plain name. Raises SlipwayError naming file and line."""
        for name in sorted(self.sources):
            self._hashed(name)
        return self.files

    def _hashed(self, name: str) -> Hashed:
        if name not in self.files:
            source = self.sources[name]
            if source.naming is Naming.KEPT:
                self._check_kept(source)
                self.files[name] = Hashed(source, name, source.body)
                return self.files[name]
            self._open.append(name)
            body = self._resolved(source)
            self._open.pop()
            plain = source.naming is Naming.PLAIN
            self.files[name] = Hashed(source, name if plain else hashed_name(name, name_digest(name, body)), body)
        return self.files[name]

    def _check_kept(self, source: Source) -> None:
        """Its bytes stay, since its name has their hash: what it references must be under the name written there."""
        for reference in self._references(source):
            target = urls.target(reference.url, source.name)
            if target is None:
                continue
            place = f"{shown(source.path)}:{reference.line(source.body)}"
            if source.own and target.path.startswith("/") and not target.path.startswith("//"):
                raise SlipwayError(
                    f"{place}: {reference.url} is no URL on the CDN; build it with a relative one, or with STATIC_URL"
                )
            if target.name not in self.sources:
                self._missing(source, reference, target)
            elif self.sources[target.name].naming is Naming.HASHED:
                if settings.SLIPWAY_PULL:
                    raise SlipwayError(f"{place}: {target.name} has no hash in its name, which a CDN that pulls needs")
                self.sources[target.name].naming = Naming.BOTH

    def _references(self, source: Source) -> list[css.Reference]:
        extension = posixpath.splitext(source.name)[1].lower()
        if extension == ".css":
            return css.references(source.body)
        if extension in (".js", ".mjs"):
            return source_maps.references(source.body)
        return webmanifest.config_icons(source.body) if extension == ".xml" and self._is_manifest(source) else []

    def _is_manifest(self, source: Source) -> bool:
        base = posixpath.basename(source.name).lower()
        named = base.endswith(".webmanifest") or base == webmanifest.CONFIG_NAME
        return source.own and (named or source.name in self.manifests)

    def _resolved(self, source: Source) -> bytes:
        if self._is_manifest(source) and not source.name.lower().endswith(".xml"):
            return webmanifest.rewrite(
                source.body,
                shown(source.path),
                settings.SITE_URL,
                lambda url: self._image_url(source, url),
            )
        changes = [(reference, self._new_url(source, reference)) for reference in self._references(source)]
        return css.substitute(source.body, changes) if changes else source.body

    def _new_url(self, source: Source, reference: css.Reference) -> str | None:
        target = urls.target_among(self.sources, reference.url, source.name)
        if target is None:
            return None
        if target.name in self._open:
            return self._circle(source, reference, target)
        if target.name not in self.sources:
            return self._missing(source, reference, target)
        if target.name in self.taken_apart and reference.kind == "url":
            return None
        return target.url(self._hashed(target.name).name)

    def _image_url(self, source: Source, url: str) -> str:
        at = max(source.body.find(json.dumps(url).encode()), 0)
        target = urls.target_among(self.sources, url, source.name)
        if target is None:
            return url
        if target.name not in self.sources:
            self._missing(source, css.Reference(at, at, url), target)
        if target.name in self._open:
            raise SlipwayError(f"{shown(source.path)}: names itself as an image")
        return urls.absolute(self._hashed(target.name).name)

    def _missing(self, source: Source, reference: css.Reference, target: urls.Target) -> str | None:
        place = f"{shown(source.path)}:{reference.line(source.body)}"
        if not source.own or reference.kind in ("map", "icon"):
            left = "; pages work without it" if reference.kind == "map" else ""
            self.warnings.append(f"{place}: {reference.url} does not exist{left}")
            # A page works without source maps, and libraries are often copied without theirs: remove the reference.
            return "" if reference.kind == "map" else None
        if target.name.startswith("/"):
            raise SlipwayError(
                f"{place}: {reference.url} would be requested from the CDN host; write it relative to this file"
            )
        raise SlipwayError(
            f"{place}: {reference.url} points to {target.name}, which does not exist"
            + did_you_mean(target.name, self.sources)
        )

    def _circle(self, source: Source, reference: css.Reference, target: urls.Target) -> str | None:
        if reference.kind == "map":
            return self._missing(source, reference, target)
        names = self._open[self._open.index(target.name) :]
        place = f"{shown(source.path)}:{reference.line(source.body)}"
        if len(names) == 1 and reference.kind == "url":
            problem = f"{place}: {reference.url} is this file itself"
            if source.own:
                raise SlipwayError(f"{problem}; name the image that is meant, or take the rule out")
            self.warnings.append(problem)
            return None
        circle = " → ".join((*names, target.name))
        if any(self.sources[name].own for name in names):
            raise SlipwayError(f"{place}: stylesheets import each other in a circle: {circle}")
        self.warnings.append(f"{place}: circle of imports: {circle}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?`` for a name that is similar to one of ``known``, else ""."""
    known = list(known)
    if other := urls.same_letters(name, known):
        form = unicode_form(other)
        # NFC is what a keyboard writes: the file is right then.
        what = "type the name again" if form == "NFC" else "rename the file"
        return f"; the file's name has the same letters in the Unicode form {form}; {what}"
    near = [other for other in known if other.casefold() == name.casefold()]
    near = near or difflib.get_close_matches(name, known, 1, 0.8)
    return f"; did you mean {near[0]}?" if near else ""
