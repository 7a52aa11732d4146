"""Finds modules that a page loads without the import map that their imports need."""

import re
from collections.abc import Iterable, Mapping

from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.collect import Naming, Source
from slipway.tool.assets.scripts.modules import imported

MODULE = re.compile(rb"""<script\b(?=[^>]*\btype=["']?module)[^>]*?\{%-?\s*static\s+(["'])([^"'%]+)\1""")


def check(templates: Iterable[TemplateFile], sources: Mapping[str, Source]) -> list[str]:
    """Warnings with template and line, where no template of the project has `{% importmap %}`.

    Which page has it cannot be told: a parent or an include may.
    """
    own = [template for template in templates if template.own]
    if any(template.tokens(("importmap",)) for template in own):
        return []
    warnings = []
    for template in own:
        for match in MODULE.finditer(template.body):
            name = match[2].decode("utf-8", "replace")
            targets = imported(sources, name) if name in sources else ()
            needs = [target for target in targets if target in sources and sources[target].naming is Naming.HASHED]
            if needs:
                place = template.place(template.body.count(b"\n", 0, match.start()) + 1)
                warnings.append(
                    f"{place}: {name} imports {needs[0]} by its plain name, which the CDN does not have; put "
                    "{% importmap %} before the first module (docs/static-files.md)"
                )
    return warnings
