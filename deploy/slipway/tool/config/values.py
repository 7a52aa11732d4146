"""The keys of site.yml with their types, and the file's values."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from slipway.tool.config.forms import HOST
from slipway.web.errors import SlipwayError

KEYS = {
    "domain": str,
    "server": str,
    "server_user": str,
    "ssh_config": str,
    "admin_keys": list,
    "ci_key": str,
    "packages": list,
    "schedule": dict,
    "workers": dict,
    "gunicorn_workers": int,
    "gunicorn_threads": int,
    "reboot": str,
    "memory": dict,
    "timeout": int,
    "max_body_mb": int,
    "vars": dict,
    "site": str,
    "static": str,
    "media": str,
    "aliases": list,
    "redirects": list,
    "tls": str,
    "proxies": list,
    "sign_in_paths": list,
    "sign_in_tries": int,
    "acme": str,
    "email": str,
    "alarms": dict,
    "settings": str,
    "wsgi": str,
    "seed": str,
    "environment": dict,
    "build": str,
    "hooks": dict,
    "ship": list,
    "provider": str,
    "endpoint": str,
    "addressing": str,
    "cdn": str,
    "cdn_id": str,
    "region": str,
    "bucket": str,
    "media_bucket": str,
    "backup_bucket": str,
    "keep_backups": int,
    "price_class": str,
    "cdn_logs": str,
    "github": str,
    "keep": int,
    "paths": list,
    "allow": dict,
    "waive": dict,
}
# Earlier names of keys.
RENAMED = {"workers": "gunicorn_workers", "threads": "gunicorn_threads"}
WORDS = {str: "text", list: "a list", dict: "`name: value` lines", int: "a number"}


@dataclass(frozen=True, slots=True)
class Values:
    """The values of ``file`` by key; each has its key's type."""

    file: Path
    by_key: Mapping[str, Any]

    @classmethod
    def read(cls, file: Path) -> "Values":
        """Raises SlipwayError for a file that is not YAML, an unknown key, or a value of another type."""
        values = cls(file, _parse(file))
        for key, value in values.by_key.items():
            if key in RENAMED and (key not in KEYS or isinstance(value, int)):
                raise values.error(key, f"its name is {RENAMED[key]} now; write `{RENAMED[key]}: {value}`")
            if key not in KEYS:
                near = difflib.get_close_matches(str(key), KEYS, 1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}"
                raise values.error(key, f"unknown key; {hint}")
            if not isinstance(value, KEYS[key]) or isinstance(value, bool):
                # YAML reads 14:30 as a number.
                quoted = " in quotation marks" if KEYS[key] is str and type(value) is int else ""
                raise values.error(key, f"expected {WORDS[KEYS[key]]}{quoted}, got {value!r}")
        return values

    def get(self, key: str, default: Any) -> Any:
        return self.by_key.get(key, default)

    def error(self, key: object, what: str) -> SlipwayError:
        """The error to raise: the file, the key, and what to write."""
        return SlipwayError(f"{self.file}: {key}: {what}")

    def text(self, key: str, form: re.Pattern, what: str, default: str = "", *, optional: bool = False) -> str:
        """A value that ``form`` matches; ``what`` describes it."""
        value = self.get(key, default)
        if not value and optional:
            return ""
        if not value:
            raise self.error(key, f"missing; give {what}")
        if not form.fullmatch(value):
            raise self.error(key, f"{value!r} is not {what}")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        value = self.get(key, default)
        if value not in choices:
            raise self.error(key, f"{value!r} is not one of {', '.join(choices)}")
        return value

    def origin(self, key: str, default: str, like: str = "") -> str:
        """A URL with only scheme, host and port, without a trailing slash; ``like`` is an example."""
        value = self.get(key, default)
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise self.error(key, f"{value!r} is not a URL") from None
        clean = parts.scheme in ("http", "https") and HOST.fullmatch(parts.hostname or "")
        if not clean or parts.path not in ("", "/") or parts.query or parts.username or port == 0:
            raise self.error(key, f"{value!r} is not an origin like {like or f'https://{key}.example.com'}")
        return f"{parts.scheme}://{parts.netloc}"

    def path(self, key: str) -> str:
        """The path in ``key``, relative to site.yml's folder; "" without one."""
        if not self.get(key, ""):
            return ""
        path = (self.file.parent / Path(self.by_key[key]).expanduser()).resolve()
        if not path.is_file():
            raise self.error(key, f"{path}: no such file")
        return str(path)


def _parse(file: Path) -> dict[Any, Any]:
    try:
        data = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        raise SlipwayError(f"{file}: no such file; name yours with CONFIG=path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SlipwayError(f"{file}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise SlipwayError(f"{file}{where}: not valid YAML") from None
    if not isinstance(data, dict):
        raise SlipwayError(f"{file}: expected `key: value` lines, like those of the site.yml shipped")
    return data
