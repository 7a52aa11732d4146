"""The variables that a project's settings require, and what stands for each until a person knows better."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.tool.config import variables

# As django-environ, python-decouple and os.environ read one without a default.
READ = re.compile(
    r"\b(env|config|os\.environ|environ)(?:\.(?!get|setdefault|pop)\w+)?[(\[]\s*[\"']([A-Z]\w*)[\"']\s*[)\]]"
)
IMPORTED = re.compile(r"^from \.(\w+) import", re.M)
# A deploy sets them, beside those that site.yml has a key for.
SET = {"SECRET_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *variables.DATABASE, *variables.KEYS}
# A key that begins so is replaced by the one of the secrets.
REPLACED = "django-insecure-"
# By the end of a name, what every site can begin with.
BEGIN = {
    "SECRET_KEY": f"{REPLACED}until-the-settings-line",
    "ADMIN_URL": "admin/",
    "ALLOWED_HOSTS": "",
    "REDIS_URL": "redis://localhost:6379/0",
    "EMAIL_URL": "consolemail://",
    "SENTRY_DSN": "",
}
OTHERWISE = "unset"


def required(module: Path) -> dict[str, str]:
    """The names that ``module`` and the modules beside it that it imports read, each with its file:line."""
    found: dict[str, str] = {}
    for file in _imported(module, set()):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            for match in READ.finditer(line.partition("#")[0]):
                if match[2] not in SET:
                    found.setdefault(match[2], f"{file.name}:{number}")
    return found


def beginning(names: Mapping[str, str]) -> dict[str, str]:
    """A value for each, with which the settings can be loaded."""
    return {name: next((value for end, value in BEGIN.items() if _ends(name, end)), OTHERWISE) for name in names}


def _ends(name: str, end: str) -> bool:
    return name.endswith(end) and not name.endswith("AWS_SECRET_KEY")


def _imported(module: Path, seen: set[Path]) -> Iterator[Path]:
    if module in seen or not module.is_file():
        return
    seen.add(module)
    yield module
    for name in IMPORTED.findall(module.read_text()):
        yield from _imported(module.with_name(f"{name}.py"), seen)
