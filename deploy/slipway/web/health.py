"""Health checks of any project, for a deploy and a load balancer: is the process alive, is the site ready.

They are answered before the project's own middleware and URLs, so that no redirect or login interferes.
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
    """Answers ``/healthz/live`` and ``/healthz/ready``; passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = {LIVE: live, READY: ready}.get(request.path_info)
        if view is None:
            return self._get_response(request)
        response = view() if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        add_never_cache_headers(response)
        return response


def live() -> HttpResponse:
    """200 while the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def ready() -> HttpResponse:
    """200 when every database answers a query, 503 with the exception's name when one does not."""
    results = {"database" if name == DEFAULT_DB_ALIAS else name: _query(connections[name]) for name in connections}
    status = 200 if set(results.values()) <= {"ok"} else 503
    return HttpResponse(json.dumps(results) + "\n", "application/json", status=status)


def _query(connection: BaseDatabaseWrapper) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        return type(error).__name__
    return "ok"
