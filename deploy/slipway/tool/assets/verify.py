"""Checks settings and templates before anything is built, and the bundles before anything is sent."""

import os
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template.base import Token

from slipway.tool.assets.blocks.bundles import Bundles
from slipway.tool.assets.blocks.templates import TemplateFile, compress_tags, unlisted_loaders
from slipway.tool.assets.collect import Naming, Source
from slipway.tool.assets.hashing import did_you_mean
from slipway.web.errors import SlipwayError
from slipway.web.settings import dangerous, kinds

LINE = "`from slipway.settings import *` sets it; take your own value out"


def check_settings() -> None:
    """Raises SlipwayError, with its name, for a setting that would break the offload."""
    try:
        # Again: a module may set one below Slipway's line.
        kinds.check({name: getattr(settings, name) for name in kinds.NAMES if hasattr(settings, name)})
    except ImproperlyConfigured as error:
        raise SlipwayError(str(error)) from None
    expected = {
        "DEBUG": "DEBUG" in dangerous.waived(os.environ) and settings.DEBUG,
        "COMPRESS_ENABLED": True,
        "COMPRESS_OFFLINE": True,
        "COMPRESS_CSS_HASHING_METHOD": None,
        "COMPRESS_URL": settings.STATIC_URL,
    }
    for name, value in expected.items():
        actual = getattr(settings, name)
        if actual != value:
            raise SlipwayError(f"{name}: is {actual!r} and must be {value!r}; {LINE}")
    backend = settings.STORAGES["staticfiles"]["BACKEND"]
    if backend != "slipway.web.storage.StaticStorage":
        raise SlipwayError(
            f'STORAGES["staticfiles"]: is {backend} and must be slipway.web.storage.StaticStorage; {LINE}'
        )


def check_encoding(templates: Iterable[TemplateFile]) -> list[str]:
    """Returns a warning for each text of the project that Django cannot decode as a template: its page would fail.

    Raises SlipwayError for one with tags, which is a template for certain.
    """
    warnings = []
    for file in templates:
        charset = file.engine.file_charset
        try:
            if file.own:
                file.body.decode(charset)
        except UnicodeDecodeError as error:
            if b"\0" in file.body and not file.body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                continue  # an image, or another file that nobody renders
            name, line = charset.upper(), file.body[: error.start].count(b"\n") + 1
            problem = f"{file.place(line)}: is not {name}; save it as {name}"
            if b"{%" in file.body.replace(b"\0", b""):
                raise SlipwayError(problem) from None
            warnings.append(problem)
    return warnings


def check_static_tags(templates: Iterable[TemplateFile], sources: Mapping[str, Source]) -> list[str]:
    """Looks up every ``{% static "…" %}``; returns warnings for those in installed packages.

    Raises SlipwayError for one in the project's own templates that names no file, and no folder of plain names.
    """
    warnings = []
    for file in templates:
        if b"static" not in file.body:
            continue
        for token in file.tags:
            name = _static_name(token)
            if name is None or name in sources or (name.endswith("/") and not file.own):
                continue
            what = _fault_of_folder(name, sources) if name.endswith("/") else None
            if what == "":
                continue
            what = what or f"does not exist{did_you_mean(name, sources)}"
            problem = f"{file.place(token.lineno)}: {{% static %}} names {name}, which {what}"
            if not name:
                empty = "has an empty name; name the file, or write {% get_static_prefix %} for STATIC_URL"
                problem = f"{file.place(token.lineno)}: {{% static %}} {empty}"
            if file.own:
                raise SlipwayError(problem)
            warnings.append(problem)
    return warnings


def _fault_of_folder(folder: str, sources: Mapping[str, Source]) -> str | None:
    """What keeps a folder's URL from its files, "" for nothing, and None if there is no such folder.

    Django returns the plain URL of a folder, so that each file needs its plain name in the bucket.
    """
    below = [source for name, source in sources.items() if name.startswith(folder)]
    hashed = [source.name for source in below if source.naming is Naming.HASHED]
    if not below:
        return None
    if settings.SLIPWAY_PULL:
        return "is a folder, and a CDN that pulls has no plain names; write {% static %} for each of its files"
    return f"is a folder, and {hashed[0]} has a hash; list {folder}* in SLIPWAY_UNHASHED" if hashed else ""


def check_blocks(templates: Iterable[TemplateFile], bundles: Bundles) -> list[str]:
    """Returns a warning for each block that no page shows, and for each loader whose templates cannot be listed.

    Raises SlipwayError for a block of the project that was not compressed, and may be shown.
    """
    warnings = [
        f"TEMPLATES: {loader} cannot list its templates; {{% compress %}} works in those of other loaders only"
        for loader in unlisted_loaders()
    ]
    for file in templates:
        for line in sorted({token.lineno for token in file.tokens(compress_tags(file.engine))} if file.own else ()):
            if (file.path, line) in bundles.seen or file.path in bundles.skipped:
                continue
            where = f"{file.place(line)}: this {{% compress %}} block"
            if (file.path, line) not in bundles.compiled:
                raise SlipwayError(f"{where} was not compressed: a tag around it hides it; move it out of that tag")
            warnings.append(f"{where} is in no block of the parent template; move it to where the page shows it")
    return warnings


def _static_name(token: Token) -> str | None:
    words = token.contents.split(None, 1)
    if words[0] != "static" or len(words) == 1:
        return None
    name = token.split_contents()[1]
    quoted = len(name) > 1 and name[0] in "\"'" and name[0] == name[-1]
    # As Django's storage reads it.
    plain = unquote(name[1:-1]).split("#")[0].split("?")[0]
    return plain if quoted and name[0] not in name[1:-1] else None
