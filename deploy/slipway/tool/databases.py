"""Rejects a project whose database would be SQLite on the server.

Its file would be inside a release, which is read-only and replaced by the next one.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import load_backend

from slipway.web.errors import SlipwayError
from slipway.web.guard import LINE


def reject_sqlite(databases: Mapping[str, Mapping[str, Any]], url: str) -> None:
    """Raises SlipwayError, one line, when one of ``databases`` (settings.DATABASES) is SQLite.

    ``url`` is the server's DATABASE_URL, which may be the cause.
    """
    for alias, options in databases.items():
        engine = options.get("ENGINE", "")
        if engine and is_sqlite(engine):
            if url.startswith(("sqlite", "spatialite")):
                fix = "take that DATABASE_URL out of the secrets: the server has PostgreSQL"
            else:
                fix = f"read it from DATABASE_URL, which is PostgreSQL there, before `{LINE}`"
            raise SlipwayError(
                f"{settings.SETTINGS_MODULE}: DATABASES[{alias!r}] on the server would be SQLite ({engine}), and "
                f"a release is read-only; {fix}"
            )


def is_sqlite(engine: str) -> bool:
    """Whether the engine is SQLite, or wraps it; by its name where it cannot be loaded here."""
    try:
        return load_backend(engine).DatabaseWrapper.vendor == "sqlite"
    except (ImproperlyConfigured, ImportError, AttributeError):
        return engine.rpartition(".")[2] in ("sqlite3", "spatialite")
