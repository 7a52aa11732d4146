"""Packages that need a line of settings or of site.yml in every project: what it is, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Known:
    """Of the package ``name``: lines above the settings line; and for the pages below its ``mount``, the paths that a
    view makes, with the reason, where ``{}`` is that."""

    name: str
    settings: str
    mount: re.Pattern[str]
    allow: dict[str, str]


WAGTAIL = Known(
    "wagtail",
    "# Wagtail's admin asks them for avatars, and whether it is up to date.\n"
    'SLIPWAY_CSP_HOSTS = ["www.gravatar.com", "releases.wagtail.org"]\n',
    re.compile(r"path\(\s*[\"']([^\"']*)[\"'],\s*include\(wagtailadmin_urls\)"),
    {"/{}sprite/": "Wagtail draws its icons for each request"},
)
PACKAGES = (WAGTAIL,)


def of(project: Path, lines: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The lines of settings and the paths to allow, for a project with these requirements."""
    names = {re.split(r"[\s\[=<>~!;@]", line, maxsplit=1)[0].lower() for line in lines}
    settings, allow = "", {}
    for known in PACKAGES:
        if known.name in names:
            texts = (path.read_text(errors="replace") for path in sorted(project.rglob("urls.py")))
            mounts = [match[1] for match in map(known.mount.search, texts) if match]
            settings += known.settings
            allow |= {path.format(*mounts[:1] or [""]): why for path, why in known.allow.items() if mounts}
    return settings, allow
