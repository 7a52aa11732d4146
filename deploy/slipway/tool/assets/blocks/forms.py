"""What a block renders in each of the site's languages, and whether it is the same each time."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from datetime import timezone as fixed
from unittest import mock

import compressor.cache
from django.conf import settings
from django.template import defaulttags
from django.templatetags.cache import CacheNode
from django.utils import timezone, translation
from django.utils.translation import trans_real

# Far from the present in each part of a date, and from the zone of any place.
LATER = timedelta(days=401, hours=5, minutes=7, seconds=11)
ELSEWHERE = fixed(timedelta(hours=13, minutes=37))


class Unstable(Exception):
    """A block is rendered otherwise each time."""


def forms(render: Callable[[], str]) -> dict[str, str | None]:
    """What ``render`` gives → the language in which it does; in the first, whatever language it is.

    One that asks for the language is rendered in each of LANGUAGES and in LANGUAGE_CODE. Raises Unstable.
    """
    state = random.getstate()
    with _nothing_kept():
        with _listening() as translation_object:
            content = render()
        with _another_time():
            again = render()
        if again != content or random.getstate() != state:
            raise Unstable
        found: dict[str, str | None] = {content: None}
        if translation_object.asked:
            for code in dict.fromkeys((settings.LANGUAGE_CODE, *dict(settings.LANGUAGES))):
                with translation.override(code):
                    found.setdefault(render(), code)
    return found


def language(code: str | None) -> AbstractContextManager:
    return nullcontext() if code is None else translation.override(code)


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Without what an earlier rendering has left: the fragments of `{% cache %}`, and the bundles of an older build."""
    with (
        mock.patch.object(CacheNode, "render", lambda node, context: node.nodelist.render(context)),
        mock.patch.object(compressor.cache, "_offline_manifest", {}),
    ):
        yield


class _Listening:
    """Stands in for the translation that is active; ``asked`` is whether it was used, be it for its name alone."""

    def __init__(self, active: object) -> None:
        self._active, self.asked = active, False

    def __getattr__(self, name: str) -> object:
        self.asked = True
        return getattr(self._active, name)


@contextmanager
def _listening() -> Iterator[_Listening]:
    if not settings.USE_I18N:
        yield _Listening(None)
        return
    with translation.override(translation.get_language() or settings.LANGUAGE_CODE):
        listening = trans_real._active.value = _Listening(trans_real._active.value)
        yield listening


class _LaterType(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class _Later(datetime, metaclass=_LaterType):
    @classmethod
    def now(cls, tz=None) -> datetime:
        return datetime.now(tz) + LATER


@contextmanager
def _another_time() -> Iterator[None]:
    """A later moment for `{% now %}` and Django's clock; another time zone, unless a tag around the block sets one."""
    fixed_zone = timezone.get_current_timezone() != timezone.get_default_timezone()
    with (
        mock.patch.object(defaulttags, "datetime", _Later),
        mock.patch.object(timezone, "datetime", _Later),
        nullcontext() if fixed_zone else timezone.override(ELSEWHERE),
    ):
        yield
