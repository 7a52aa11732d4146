"""Finds the paths that take a password; nginx limits the requests of one address there.

A view takes one if it calls authenticate() or a user's check_password(), itself or in its form or serializer: Django's
LoginView and admin, DRF's tokens, allauth, a project's own views. Paths that are not found this way (a GraphQL
mutation) are listed in site.yml.
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

CHECKS = {"authenticate", "aauthenticate", "check_password", "acheck_password"}
ADMIN = "django.contrib.admin.sites"
# Attributes of a view with a form or a serializer.
FORMS = re.compile(r"(form|serializer)(_class)?$")
# The language prefix of i18n_patterns; the default language may have none.
LANGUAGE = "(?:[A-Za-z]+(?:-[A-Za-z0-9]+)*/)?"
ROUTERS = "for the app slipway_sign_in, which counts wrong passwords; let the routers return None for it"
# nginx rejects a token of 4,096 bytes; a character may have four.
MAX_LENGTH = 1000


def paths() -> list[str]:
    """Regular expressions that match from a path's beginning, sorted. Raises what the project's URLconf raises."""
    found: set[str] = set()
    translated = settings.USE_I18N and _are_translated(get_resolver().url_patterns)
    for language, _ in settings.LANGUAGES if translated else [(settings.LANGUAGE_CODE, "")]:
        with translation.override(language):
            # Django caches the compiled patterns of each language.
            found |= {f"/{path}" for path, view in _views(get_resolver().url_patterns) if takes_password(view)}
    return sorted(found)


def require_tables() -> None:
    """Raises SlipwayError where the project's database routers fail, or allow no table for the limit on wrong
    passwords: each sign-in would be a 500."""
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


def _are_translated(patterns: list[URLPattern | URLResolver]) -> bool:
    """Whether a path differs by language: Django has a hundred, and reads all the translations of each."""
    for each in patterns:
        route = getattr(each.pattern, "_route", getattr(each.pattern, "_regex", None))
        # The language prefix is found without its language.
        if not isinstance(route, str) and not isinstance(each.pattern, LocalePrefixPattern):
            return True
        if isinstance(each, URLResolver) and _are_translated(each.url_patterns):
            return True
    return False


def _views(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, Any]]:
    for each in patterns:
        part = (
            LANGUAGE if isinstance(each.pattern, LocalePrefixPattern) else pcre.translated(each.pattern.regex.pattern)
        )
        path = before + (part if len(before + part) <= MAX_LENGTH else pcre.ANYTHING)
        if isinstance(each, URLResolver):
            yield from _views(each.url_patterns, path)
        else:
            yield path, each.callback


@functools.cache
def takes_password(view: Any) -> bool:
    """Whether ``view``, a URLconf's callback, checks a password."""
    return any(_is_admins(each) or _checks(each) for each in _unwrapped(view))


def _unwrapped(view: Any) -> Iterator[Any]:
    """The view, and what decorators and as_view() have wrapped."""
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
    # By name, since the module cannot be imported where the admin is not installed.
    owner = type(view.__self__) if isinstance(view, MethodType) else None
    return bool(owner) and view.__name__ == "login" and any(cls.__module__ == ADMIN for cls in owner.__mro__)


def _checks(view: Any, deep: bool = True) -> bool:
    if isinstance(view, type):
        members = [member for cls in view.__mro__ for member in vars(cls).values()]
        if any(CHECKS & _names(each) for member in filter(callable, members) for each in _unwrapped(member)):
            return True
        return deep and any(_checks(form, deep=False) for form in _forms(view))
    if isinstance(view, MethodType):
        view = view.__func__
    if not isinstance(view, FunctionType):
        return False
    names = _names(view)
    used = [view.__globals__.get(name) for name in names] if deep else []
    return bool(CHECKS & names) or any(_checks(form, deep=False) for form in used if _is_form(form))


def _names(function: Any) -> set[str]:
    """The names in a function's code, with those of inner functions."""
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


def _is_form(thing: Any) -> bool:
    return isinstance(thing, type) and (hasattr(thing, "clean") or hasattr(thing, "is_valid"))
