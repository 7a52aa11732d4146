"""Two questions that a load balancer asks."""

import json

from django.db import connection
from django.db.utils import Error
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def live(request):
    """200 while the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def ready(request):
    """200 when the database answers a query, 503 with the reason's name when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        return _json({"database": type(error).__name__}, status=503)
    return _json({"database": "ok"}, status=200)


def _json(answer, status):
    return HttpResponse(json.dumps(answer) + "\n", "application/json", status=status)
