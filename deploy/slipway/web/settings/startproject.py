"""Replaces in production what `startproject` writes for development; a project's own values win."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from environ import Env

# Django's mark of a key that `startproject` made: it is in the repository.
INSECURE_KEY = "django-insecure-"
# The keys of before, which `make rotate` leaves accepted; a list, as django-environ reads one.
FALLBACKS, BETWEEN_KEYS = "SECRET_KEY_FALLBACKS", ","
# The keys that identify a database; all other keys of an alias are options of its use.
IDENTITY = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TEST")
# A connection is kept for a minute: 2.7 to 3 times the pages per second of one connection per request.
# https://docs.djangoproject.com/en/5.2/ref/settings/#conn-max-age
KEPT_OPEN = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}

# https://docs.djangoproject.com/en/5.2/ref/settings/#logging
# Without this Django logs no error: its console handler needs DEBUG.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


def settings(own: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    # The site's own URL, and those of its aliases.
    origins = [environ["SITE_URL"], *environ.get("SLIPWAY_ALIASES", "").split(",")]
    origins = [each for each in origins if each]
    hosts = [urlsplit(each).hostname for each in origins]
    given = {
        # True only where that is waived: see slipway.web.settings.dangerous.
        "DEBUG": own.get("DEBUG", False),
        # https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts
        "ALLOWED_HOSTS": list(dict.fromkeys((*hosts, *own.get("ALLOWED_HOSTS", ())))),
        "CSRF_TRUSTED_ORIGINS": list(dict.fromkeys((*origins, *own.get("CSRF_TRUSTED_ORIGINS", ())))),
        "LOGGING": _logging(own.get("LOGGING") or LOGGING),
    }
    key = own.get("SECRET_KEY", "")
    if "SECRET_KEY" in environ and (not key or key.startswith(INSECURE_KEY)):
        key = given["SECRET_KEY"] = environ["SECRET_KEY"]
    # Not where the project has a key of another variable. Its own list, which may be this one, stays beside it.
    if environ.get(FALLBACKS) and key == environ.get("SECRET_KEY"):
        before = [each for each in environ[FALLBACKS].split(BETWEEN_KEYS) if each]
        # https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key-fallbacks
        given[FALLBACKS] = list(dict.fromkeys((*before, *own.get(FALLBACKS, ()))))
    databases = own.get("DATABASES", {})
    default = databases.get("default", {})
    # A database file would be inside a release, which is read-only and replaced by the next one. A deploy rejects
    # SQLite that remains (slipway.tool.databases).
    if "DATABASE_URL" in environ and "sqlite3" in default.get("ENGINE", "sqlite3"):
        used = {name: value for name, value in default.items() if name not in IDENTITY}
        url = Env.db_url_config(environ["DATABASE_URL"])
        given["DATABASES"] = {**databases, "default": {**KEPT_OPEN, **used, **url}}
    return given


def _logging(project: Mapping[str, Any]) -> dict[str, Any]:
    """Adds a logger for failed sign-ins, one line each, to the project's own logging."""
    return {
        "version": 1,
        **project,
        "handlers": {"slipway": {"class": "logging.StreamHandler"}, **project.get("handlers", {})},
        "loggers": {
            "slipway": {"handlers": ["slipway"], "level": "INFO", "propagate": False},
            **project.get("loggers", {}),
        },
    }
