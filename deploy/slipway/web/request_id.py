"""The request's id, as nginx has it in its log: each log record of the request has it too.

Django's own middleware for it would need a project's LOGGING to name it. Here a record has ``request_id`` ("" outside
of a request), for any formatter; and an error's message ends in it, whatever formatter the project has.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "HTTP_X_REQUEST_ID"
# nginx's: https://nginx.org/en/docs/http/ngx_http_core_module.html#var_request_id
FORM = re.compile(r"[0-9a-f]{32}")
current: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdMiddleware:
    """Before whatever may log: the id is that of the request as long as it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get(HEADER, "")
        token = current.set(given if FORM.fullmatch(given) else "")
        try:
            return self._get_response(request)
        finally:
            current.reset(token)


def install() -> None:
    """Lets each log record have it, from now on."""
    make = logging.getLogRecordFactory()
    if hasattr(make, "with_request_id"):
        return

    def record(*args, **kwargs) -> logging.LogRecord:
        made = make(*args, **kwargs)
        made.request_id = current.get()
        if made.request_id and made.levelno >= logging.ERROR:
            made.msg = f"{made.msg} [request {made.request_id}]"
        return made

    record.with_request_id = True
    logging.setLogRecordFactory(record)
