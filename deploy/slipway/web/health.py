"""Two questions that a deploy and a load balancer ask of any project: is the process alive, is the site ready.

They are answered before the project's own middleware and URLs, so that no redirect or login stands in their way.
"""

import json
from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import add_never_cache_headers

LIVE = "/healthz/live"
READY = "/healthz/ready"


class HealthMiddleware:
    """Answers ``/healthz/live`` and ``/healthz/ready``; hands everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answering = {LIVE: live, READY: ready}.get(request.path_info)
        if answering is None:
            return self._get_response(request)
        answer = answering() if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        add_never_cache_headers(answer)
        return answer


def live() -> HttpResponse:
    """200 while the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def ready() -> HttpResponse:
    """200 when every database answers a query, 503 with the reason's name when one does not."""
    answers = {"database" if name == DEFAULT_DB_ALIAS else name: _ask(connections[name]) for name in connections}
    status = 200 if set(answers.values()) <= {"ok"} else 503
    return HttpResponse(json.dumps(answers) + "\n", "application/json", status=status)


def _ask(connection: BaseDatabaseWrapper) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        return type(error).__name__
    return "ok"
