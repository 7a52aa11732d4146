"""Answers 503 where a request fails because the database is away. Nothing is asked twice."""

import logging
import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import MiddlewareNotUsed
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse

from slipway.web import unavailable
from slipway.web.database import outage
from slipway.web.database.away import is_away

MARK = "slipway_database_away"


class DatabaseAwayMiddleware:
    """Around all others but the health checks: sessions and users are read in them, and written after the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not outage.install():
            raise MiddlewareNotUsed
        self._get_response = get_response
        # An error in another middleware arrives here as a 500.
        got_request_exception.connect(_notice, dispatch_uid=MARK)
        # An outage is one line in the log (slipway.web.database.outage), not a traceback for each visitor.
        logging.getLogger("django.request").addFilter(_is_news)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = outage.current.set(outage.Wait())
        try:
            response = self._get_response(request)
        except Exception as error:
            # The project's own page for a 500 asks the database too.
            if not is_away(error):
                raise
            return unavailable.response()
        finally:
            outage.current.reset(token)
        return unavailable.response() if response.status_code == 500 and hasattr(request, MARK) else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a view or a template raises: the 503 passes the other middleware, which add their headers."""
        if not is_away(exception):
            return None
        setattr(request, MARK, True)
        return unavailable.response()


def _notice(request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and is_away(sys.exc_info()[1]):
        setattr(request, MARK, True)


def _is_news(record: logging.LogRecord) -> bool:
    return not hasattr(getattr(record, "request", None), MARK)
