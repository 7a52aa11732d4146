"""The next password of the database's role, which `make rotate` gives to the site before the database takes it."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import DatabaseError, connections

from slipway.web.database.away import is_away

NEXT = "DATABASE_PASSWORD_NEXT"

T = TypeVar("T")


def install(environ: Mapping[str, str]) -> None:
    """Lets a connection whose password is not taken try the next one, in each process of the site."""
    password = environ.get(NEXT)
    if not password or connections["default"].vendor != "postgresql":
        return
    wrapper = type(connections["default"])
    if not hasattr(wrapper.get_new_connection, "tries_next"):
        wrapper.get_new_connection = _trying(wrapper.get_new_connection, password)


def _trying(connect: Callable[[Any, dict[str, Any]], T], password: str) -> Callable[[Any, dict[str, Any]], T]:
    @functools.wraps(connect)
    def get_new_connection(self: Any, conn_params: dict[str, Any]) -> T:
        try:
            return connect(self, conn_params)
        except Exception as error:
            # The driver's own error here: Django wraps it further out. A database that is away takes no other one.
            if self.alias != "default" or not _is_of_the_database(self, error) or is_away(error):
                raise
            return connect(self, {**conn_params, "password": password})

    get_new_connection.tries_next = True  # type: ignore[attr-defined]
    return get_new_connection


def _is_of_the_database(wrapper: Any, error: Exception) -> bool:
    return isinstance(error, wrapper.Database.Error | DatabaseError)
