"""The error pages. They need no database and no context processor, so that they show when those fail."""

import functools

from django.http import HttpResponse
from django.template.loader import render_to_string

# When not even the error page can be made, for instance without the static manifest.
LAST_RESORT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Slipway</title><link rel="icon" href="data:,"></head>
<body><h1>Something broke on the server</h1><p>Try again in a moment.</p></body></html>
"""


def page(request, status, **headers):
    try:
        body = render_to_string(f"{status}.html", {"request": request})
    except Exception:  # the error that led here is logged already; the visitor still gets a page
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
    """Lets a view answer these methods and gives the others a page, where Django sends nothing."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if request.method in methods:
                return view(request, *args, **kwargs)
            return page(request, 405, Allow=", ".join(methods))

        return guarded

    return decorate
