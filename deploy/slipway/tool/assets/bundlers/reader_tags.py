"""Checks the names in the tags of django-vite and django-webpack-loader, which are a 500 where no manifest has them."""

from collections.abc import Iterable
from typing import Any

from django.template.base import Token

from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.bundlers.manifests import Reader, readers
from slipway.tool.assets.collect import shown
from slipway.tool.assets.hashing import did_you_mean
from slipway.web.errors import SlipwayError

# The tags of each package, with the name and the position of the argument that names the manifest's setting.
TAGS = {
    "DJANGO_VITE": (("vite_asset", "vite_asset_url", "vite_preload_asset", "vite_legacy_asset"), "app", 1),
    "WEBPACK_LOADER": (("render_bundle", "get_files"), "config", 2),
}
DEFAULTS = {"DJANGO_VITE": "default", "WEBPACK_LOADER": "DEFAULT"}


def check(templates: Iterable[TemplateFile]) -> None:
    """Raises SlipwayError, with template and line, for a literal name in a template of the project."""
    own = [template for template in templates if template.own]
    for reader in readers():
        words, keyword, position = TAGS[reader.setting]
        names: set[str] | None = None
        for template in own:
            for token in template.tokens(words):
                name, setting = _arguments(token, keyword, position, DEFAULTS[reader.setting])
                if name is None or setting != reader.name:
                    continue
                names = _names(reader) if names is None else names
                if name not in names:
                    word = token.contents.split()[0]
                    raise SlipwayError(
                        f"{template.place(token.lineno)}: {{% {word} %}} names {name}, which is not in "
                        f"{shown(reader.find())}{did_you_mean(name, names)}"
                    )


def _names(reader: Reader) -> set[str]:
    document: dict[str, Any] = reader.document()
    if reader.setting == "WEBPACK_LOADER":
        return set(document.get("chunks") or ())
    # django-vite takes an entry's name as well.
    entries = {entry["name"] for entry in document.values() if isinstance(entry, dict) and entry.get("name")}
    return entries.union(document)


def _arguments(token: Token, keyword: str, position: int, default: str) -> tuple[str | None, str | None]:
    """The name in a tag, and the manifest's in the settings; None for one that is known at run time only."""
    words = token.split_contents()[1:]
    plain = [word for word in words if "=" not in word or word[0] in "\"'"]
    given = {word.partition("=")[0]: word.partition("=")[2] for word in words if word not in plain}
    if "as" in plain:
        plain = plain[: plain.index("as")]
    name = _literal(plain[0]) if plain else None
    setting = given.get(keyword) or (plain[position] if len(plain) > position else "")
    return name, _literal(setting) if setting else default


def _literal(word: str) -> str | None:
    quoted = len(word) > 1 and word[0] in "\"'" and word[0] == word[-1] and word[0] not in word[1:-1]
    return word[1:-1] if quoted else None
