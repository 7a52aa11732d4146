"""The error pages. They need no database and no context processor, so that they work when those fail."""

import functools

from django.http import HttpResponse
from django.template.loader import render_to_string

# The page when not even the error template renders, for instance without the static manifest.
LAST_RESORT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Slipway</title><link rel="icon" href="data:,"></head>
<body><h1>Something broke on the server</h1><p>Try again in a moment.</p></body></html>
"""


def page(request, status, **headers):
    try:
        body = render_to_string(f"{status}.html", {"request": request})
    except Exception:  # the original error is logged already; the visitor still gets a page
        body = LAST_RESORT
    return HttpResponse(body, status=status, headers=headers)


def bad_request(request, exception):
    return page(request, 400)


def permission_denied(request, exception):
    return page(request, 403)


def page_not_found(request, exception):
    return page(request, 404)


def server_error(request):
    return page(request, 500)


def allow(*methods):
    """Allows a view these methods; the others get a 405 page, where Django sends an empty response."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if request.method in methods:
                return view(request, *args, **kwargs)
            return page(request, 405, Allow=", ".join(methods))

        return guarded

    return decorate
