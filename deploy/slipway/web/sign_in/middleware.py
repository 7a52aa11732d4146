"""Makes a refused sign-in a 429 with Retry-After, whatever the view made of it."""

import math
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from slipway.web.sign_in import device, guard, ledger
from slipway.web.sign_in.visit import Visit, visiting

WORDS = "Too many wrong passwords for this account. Wait {} seconds, and try again."


class Visits:
    """Stands first: tells the guard which request is being answered, and the browser that it has signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        visit = Visit(request, in_transaction=ledger.in_transaction())
        token = visiting.set(visit)
        try:
            response = self._get_response(request)
        finally:
            visiting.reset(token)
        if visit.user is not None:
            device.write(response, request, visit.user, guard.clock())
        # Another middleware may have asked for the password.
        return too_many(request, visit.wait) if visit.wait and response.status_code != 429 else response


class Refusals:
    """Stands last, so that the page gets the project's own headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        visit = visiting.get()
        return too_many(request, visit.wait) if visit and visit.wait else response


def too_many(request: HttpRequest, wait: float) -> HttpResponse:
    """The project's own 429.html, or a plain page; JSON for who wants no page."""
    seconds = max(1, math.ceil(wait))
    words = WORDS.format(seconds)
    if request.accepts("text/html") and request.content_type != "application/json":
        try:
            page = render_to_string("429.html", {"request": request, "wait": seconds})
        except TemplateDoesNotExist:
            page = render_to_string("slipway/429.html", {"words": words})
        response = HttpResponse(page, status=429)
    else:
        response = JsonResponse({"detail": words}, status=429)
    response["Retry-After"] = str(seconds)
    add_never_cache_headers(response)
    return response
