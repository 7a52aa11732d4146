"""Decides under which names each static file is pushed."""

import posixpath
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from django.conf import settings

from slipway.tool.assets.bundlers import bundler_base, chunks
from slipway.tool.assets.bundlers import manifests as bundlers
from slipway.tool.assets.bundlers.carried_hash import hashed, is_hashed
from slipway.tool.assets.bundlers.manifests import Output
from slipway.tool.assets.collect import Naming, Source, shown
from slipway.web.errors import SlipwayError


def decide(sources: Mapping[str, Source], pages: Iterable[bytes] = ()) -> list[str]:
    """Sets each file's ``naming``; returns warnings. ``pages`` are the project's templates.

    Raises SlipwayError, one line, for a manifest that a package could not read on the server, and in pull mode for a
    bundler's file without a hash.
    """
    warnings: list[str] = []
    for source in sources.values():
        if matches(source.name, settings.SLIPWAY_HASHED):
            source.naming = Naming.KEPT
    for output in bundlers.outputs(sources):
        bundler_base.check(output, sources)
        warnings += _decide_output(output, sources)
    warnings += chunks.decide(sources, pages)
    for name, source in sources.items():
        # A package's script may request other files by plain name; no scan can exclude that.
        if matches(name, settings.SLIPWAY_UNHASHED) or (not source.own and source.naming is Naming.HASHED):
            source.naming = Naming.BOTH
        elif source.naming is Naming.KEPT and f"{name}.map" in sources:
            sources[f"{name}.map"].naming = Naming.KEPT
    return warnings


def matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _decide_output(output: Output, sources: Mapping[str, Source]) -> list[str]:
    """The files of a bundler. Its scripts load each other, and what is beside them, by plain name."""
    missing = f"{shown(output.manifest)}:1: names {output.missing}, which does not exist; build the front end again"
    warnings = [missing] if output.missing else []
    kept = {name for name in output.listed if is_hashed(name, output.known)}
    folders = {posixpath.dirname(name) for name in kept}
    # Such as a worker of Vite 7.
    kept |= {name for name in hashed(output.files) - output.listed if posixpath.dirname(name) in folders}
    without = []
    for name in output.files:
        source = sources[name]
        if name in kept:
            source.naming = Naming.KEPT
        elif source.naming is Naming.HASHED and name in output.listed:
            # With a second name a script would be a second module, and run twice.
            source.naming = Naming.PLAIN
            if name.endswith((".js", ".mjs", ".css")):
                without.append(name)
        elif source.naming is Naming.HASHED:
            source.naming = Naming.BOTH
    if not without:
        return warnings
    what = f"{shown(output.manifest)}:1: no hash in the names of {len(without)} files, such as {without[0]}"
    if settings.SLIPWAY_PULL:
        raise SlipwayError(f"{what}; a CDN that pulls needs one: put [hash] into the bundler's file names")
    return [*warnings, f"{what}: they are cached for five minutes only; put [hash] into the bundler's file names"]
