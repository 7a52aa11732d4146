"""Rejects a project whose database would be SQLite on the server.

Its file would lie in a release, which nobody may write and the next release has not.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import load_backend

from slipway.web.errors import SlipwayError
from slipway.web.guard import LINE


def require_a_server(databases: Mapping[str, Mapping[str, Any]], url: str) -> None:
    """Raises SlipwayError, one line, when one of ``databases`` (settings.DATABASES) is SQLite.

    ``url`` is the server's DATABASE_URL, which may be what says so.
    """
    for alias, said in databases.items():
        engine = said.get("ENGINE", "")
        if engine and is_sqlite(engine):
            if url.startswith(("sqlite", "spatialite")):
                fix = "take that DATABASE_URL out of the secrets, and the server has PostgreSQL"
            else:
                fix = f"let it come from DATABASE_URL, which names PostgreSQL there, and stand before `{LINE}`"
            raise SlipwayError(
                f"{settings.SETTINGS_MODULE}: DATABASES[{alias!r}] on the server would be SQLite ({engine}), and "
                f"nothing may be written where a release lies; {fix}"
            )


def is_sqlite(engine: str) -> bool:
    """By the engine itself, which may wrap Django's; by its name where it cannot be loaded here."""
    try:
        return load_backend(engine).DatabaseWrapper.vendor == "sqlite"
    except (ImproperlyConfigured, ImportError, AttributeError):
        return engine.rpartition(".")[2] in ("sqlite3", "spatialite")
