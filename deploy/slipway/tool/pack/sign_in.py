"""Finds the paths that take a password, for nginx to limit what one address sends there.

A view is one if it asks authenticate() or a user's check_password(), itself or by its form or serializer: Django's
LoginView and admin, DRF's tokens, allauth, a view of one's own. What only another layer knows (a mutation of GraphQL's)
is named in site.yml.
"""

import functools
import inspect
import re
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, router
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django.utils import translation
from django.utils.module_loading import import_string

from slipway.tool.pack import pcre
from slipway.web.errors import SlipwayError

ASKS = {"authenticate", "aauthenticate", "check_password", "acheck_password"}
ADMIN = "django.contrib.admin.sites"
# Attributes of a view that name what looks at its fields.
FORMS = re.compile(r"(form|serializer)(_class)?$")
# A language, where i18n_patterns puts one; the default one may have none.
LANGUAGE = "(?:[A-Za-z]+(?:-[A-Za-z0-9]+)*/)?"
ROUTERS = "when asked for the app slipway_sign_in, which counts wrong passwords; let the routers answer None for it"
# nginx reads no word of 4,096 bytes; each of these may be four.
LONGEST = 1000


def paths() -> list[str]:
    """Regular expressions, to be matched from a path's beginning, sorted. Raises what a project's URLconf raises."""
    found: set[str] = set()
    # A path may be translated.
    for language, _ in settings.LANGUAGES if settings.USE_I18N else [(settings.LANGUAGE_CODE, "")]:
        with translation.override(language):
            # Django keeps what it has compiled for each language.
            found |= {f"/{path}" for path, view in _views(get_resolver().url_patterns) if takes_password(view)}
    return sorted(found)


def require_tables() -> None:
    """Raises SlipwayError where a project's routers leave the limit on wrong passwords no table, or fail when asked:
    each sign-in would be a 500."""
    if not apps.is_installed("slipway.web.sign_in"):
        return
    for model in apps.get_app_config("slipway_sign_in").get_models():
        try:
            database = router.db_for_write(model)
            made = router.allow_migrate_model(database, model)
        except Exception as error:
            raise SlipwayError(f"DATABASE_ROUTERS: {type(error).__name__}: {error}, {ROUTERS}") from error
        if not made:
            raise SlipwayError(f"DATABASE_ROUTERS: allow_migrate() rejects a table in {database!r}, {ROUTERS}")
        if database != DEFAULT_DB_ALIAS:
            raise SlipwayError(f"DATABASE_ROUTERS: {database!r} is not what a deploy migrates, {ROUTERS}")


def _views(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, Any]]:
    for each in patterns:
        part = (
            LANGUAGE if isinstance(each.pattern, LocalePrefixPattern) else pcre.translated(each.pattern.regex.pattern)
        )
        path = before + (part if len(before + part) <= LONGEST else pcre.ANYTHING)
        if isinstance(each, URLResolver):
            yield from _views(each.url_patterns, path)
        else:
            yield path, each.callback


@functools.cache
def takes_password(view: Any) -> bool:
    """Whether ``view``, as a URLconf names it, asks whether a password is right."""
    return any(_is_admins(each) or _asks(each) for each in _unwrapped(view))


def _unwrapped(view: Any) -> Iterator[Any]:
    """The view, and what decorators and as_view() have put away in it."""
    seen: list[Any] = [view]
    for each in seen:
        yield each
        inner = [getattr(each, name, None) for name in ("__wrapped__", "view_class", "cls", "func")]
        inner += (getattr(each, "view_initkwargs", None) or {}).values()
        inner += [cell.cell_contents for cell in getattr(each, "__closure__", None) or () if _is_set(cell)]
        seen += [thing for thing in inner if callable(thing) and all(thing is not known for known in seen)]


def _is_set(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _is_admins(view: Any) -> bool:
    # By name, since the module cannot be loaded where the admin is not installed.
    owner = type(view.__self__) if isinstance(view, MethodType) else None
    return bool(owner) and view.__name__ == "login" and any(cls.__module__ == ADMIN for cls in owner.__mro__)


def _asks(view: Any, deep: bool = True) -> bool:
    if isinstance(view, type):
        members = [member for cls in view.__mro__ for member in vars(cls).values()]
        if any(ASKS & _names(each) for member in filter(callable, members) for each in _unwrapped(member)):
            return True
        return deep and any(_asks(form, deep=False) for form in _forms(view))
    if isinstance(view, MethodType):
        view = view.__func__
    if not isinstance(view, FunctionType):
        return False
    names = _names(view)
    used = [view.__globals__.get(name) for name in names] if deep else []
    return bool(ASKS & names) or any(_asks(form, deep=False) for form in used if _looks_at_fields(form))


def _names(function: Any) -> set[str]:
    """The names that a function's own code uses, inner functions' too."""
    codes = [function.__code__] if hasattr(function, "__code__") else []
    for code in codes:
        codes += [each for each in code.co_consts if isinstance(each, CodeType)]
    return {name for code in codes for name in code.co_names}


def _forms(view: type) -> Iterator[Any]:
    for name in dir(view):
        if not FORMS.search(name):
            continue
        value = inspect.getattr_static(view, name)
        if isinstance(value, str):
            try:
                value = import_string(value)
            except ImportError:
                continue
        if isinstance(value, type):
            yield value


def _looks_at_fields(thing: Any) -> bool:
    return isinstance(thing, type) and (hasattr(thing, "clean") or hasattr(thing, "is_valid"))
