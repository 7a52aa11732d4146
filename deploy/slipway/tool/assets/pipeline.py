"""The build, from finders to objects, in this order: collect, name, hash, bundle, verify, write manifests."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.translation.reloader import translation_file_changed

from slipway.tool.assets import images, naming, page_urls, plain_urls, unavailable, verify, webmanifest
from slipway.tool.assets.blocks import bundles, jinja_blocks, templates
from slipway.tool.assets.bundlers import manifests as bundlers
from slipway.tool.assets.bundlers import reader_tags
from slipway.tool.assets.collect import Naming, collect, names_that_are_one_elsewhere, names_that_no_tag_can_have
from slipway.tool.assets.hashing import Hashed, Hasher, did_you_mean
from slipway.tool.assets.scripts import import_map, modules, runtime_names
from slipway.tool.pack import translations
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import STATIC_PREFIX
from slipway.web.static_objects import MANIFEST_VERSION, StaticObject


@dataclass(frozen=True, slots=True)
class Build:
    """The input of a push: ``objects`` sorted by key. ``warnings`` are lines, ``path:line: what; what to do``."""

    objects: list[StaticObject]
    warnings: list[str]


def build(ignore: Iterable[str] | None = None, write: bool = True) -> Build:
    """Builds all static files in memory and writes the manifests of the release.

    Raises SlipwayError, one line naming the file or template, before any manifest is written.
    """
    verify.check_settings()
    if write:
        compile_translations()
    bundlers.check_folders()
    warnings: list[str] = []
    sources = collect(ignore, warnings)
    warnings += names_that_are_one_elsewhere(sources.values())
    warnings += names_that_no_tag_can_have(sources.values())
    found = templates.all_templates()
    warnings += verify.check_encoding(found)
    warnings += naming.decide(sources, [template.body for template in found if template.own])
    reader_tags.check(found)
    images.optimise(sources.values(), Path(settings.SLIPWAY_BUILD) / "cache" / "images")
    runtime = runtime_names.decide(sources, found)
    warnings += verify.check_static_tags(found, sources) + plain_urls.check(found, sources)
    hasher = Hasher(sources, web_manifests(found, sources), runtime_names.taken_apart(sources))
    files = hasher.all()
    names = {name: file.name for name, file in files.items()}
    staticfiles_storage.hashed_files = names
    imports = modules.scan(files, getattr(settings, "SLIPWAY_IMPORTS", {}))
    warnings += import_map.check(found, sources) + page_urls.check(found, sources, jinja_blocks.own_templates())
    made = bundles.compress({file.name: file for file in files.values()}, found)
    made.warnings += verify.check_blocks(found, made) + runtime.warnings_of_bundles(made.bundled)
    objects = sorted(_objects(files, made.files), key=lambda entry: entry.key)
    if settings.SLIPWAY_PULL:
        # Nothing purges a CDN that pulls: it would keep an older file of the same name.
        objects = [entry for entry in objects if not entry.is_unhashed]
    if write:
        kept = {name for name, file in files.items() if file.source.naming is Naming.KEPT}
        _write_manifests(names, made.manifest, imports, objects, kept)
        unavailable.write()
        bundlers.provide()
    return Build(objects, warnings + runtime.warnings + hasher.warnings + imports.warnings + made.warnings)


def compile_translations() -> None:
    """Before any template is rendered: a bundle may have translated text in it."""
    for path in translations.compile_all():
        # Django keeps what it has read before; this forgets it, as the development server does.
        translation_file_changed(None, path)


def web_manifests(found: Iterable[templates.TemplateFile], sources: Collection[str]) -> set[str]:
    """The names that a template links, or the setting lists. Raises SlipwayError for a listed one that is missing."""
    for name in settings.SLIPWAY_WEB_MANIFESTS:
        if name not in sources:
            raise SlipwayError(f"SLIPWAY_WEB_MANIFESTS: {name} does not exist{did_you_mean(name, sources)}")
    return webmanifest.linked(file.body for file in found if file.own) | set(settings.SLIPWAY_WEB_MANIFESTS)


def _objects(files: dict[str, Hashed], bundle_files: dict[str, bytes]) -> Iterable[StaticObject]:
    for name, file in files.items():
        if file.source.naming is not Naming.PLAIN:
            yield StaticObject.hashed(file.name, file.body)
        if file.source.naming in (Naming.PLAIN, Naming.BOTH):
            yield StaticObject.unhashed(name, file.body)
    for name, body in bundle_files.items():
        yield StaticObject.hashed(name, body)


def _write_manifests(
    names: dict[str, str],
    blocks: dict[str, str],
    imports: modules.Modules,
    objects: list[StaticObject],
    kept: set[str],
) -> None:
    listed = sorted(names.items())
    digest = hashlib.md5(json.dumps(listed).encode(), usedforsecurity=False).hexdigest()
    _write("staticfiles.json", {"paths": dict(listed), "version": "1.1", "hash": digest[:12]})
    _write(settings.COMPRESS_OFFLINE_MANIFEST, dict(sorted(blocks.items())))
    _write("importmap.json", {"imports": imports.imports, "preload": imports.preload})
    described = {
        entry.key: {
            "md5": entry.md5,
            "bytes": len(entry.body),
            "content_type": entry.content_type,
            "cache_control": entry.cache_control,
            # The proof cannot compute a bundler's hash.
            **({"kept": True} if entry.key.removeprefix(STATIC_PREFIX) in kept else {}),
        }
        for entry in objects
    }
    _write("objects.json", {"version": MANIFEST_VERSION, "objects": described})


def _write(name: str, content: dict) -> None:
    directory = Path(settings.SLIPWAY_MANIFESTS)
    directory.mkdir(parents=True, exist_ok=True)
    # Replaced atomically, so that no process reads half of it.
    part = directory / f"{name}.part"
    part.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    part.replace(directory / name)
