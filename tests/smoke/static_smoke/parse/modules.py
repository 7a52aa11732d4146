"""Where a JavaScript module's imports lead: import maps, and the comment that names a source map."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from static_smoke.http.urls import resolve

_SOURCE_MAP = re.compile(r"(?://[#@]|/\*[#@])\s*sourceMappingURL=([^\s*]+)")


def source_map(text: str) -> str | None:
    """The URL of the last source map comment, as written; None without one or with a data: one."""
    found = None
    for match in _SOURCE_MAP.finditer(text):
        found = match[1]
    return None if found is None or found.startswith("data:") else found


@dataclass(slots=True)
class ImportMap:
    """The import maps of one page, with every address resolved."""

    imports: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, text: str, base: str) -> None:
        """Adds one ``<script type=importmap>``; ValueError if it is invalid."""
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("an import map is an object")
        self.imports |= _table(document.get("imports") or {}, base)
        for scope, table in (document.get("scopes") or {}).items():
            self.scopes.setdefault(resolve(base, scope) or scope, {}).update(_table(table, base))

    def resolve(self, base: str, specifier: str) -> str | None:
        """The URL a module at ``base`` gets for ``specifier``; None for an unmapped bare name."""
        bare = not specifier.startswith(("/", "./", "../")) and ":" not in specifier
        name = specifier if bare else resolve(base, specifier)
        if name is None:
            return None
        tables = [
            table
            for scope, table in sorted(self.scopes.items(), key=lambda item: -len(item[0]))
            if base == scope or (scope.endswith("/") and base.startswith(scope))
        ]
        for table in [*tables, self.imports]:
            mapped = _lookup(table, name)
            if mapped is not None:
                return mapped
        return None if bare else name


def _table(entries: Mapping[str, str], base: str) -> dict[str, str]:
    table = {}
    for key, value in entries.items():
        target = resolve(base, value) if isinstance(value, str) else None
        is_url = key.startswith(("/", "./", "../")) or ":" in key
        name = (resolve(base, key) or key) if is_url else key
        if target:
            table[name] = target
    return table


def _lookup(table: Mapping[str, str], name: str) -> str | None:
    if name in table:
        return table[name]
    for key in sorted(table, key=len, reverse=True):
        if key.endswith("/") and name.startswith(key):
            return table[key] + name[len(key) :]
    return None
