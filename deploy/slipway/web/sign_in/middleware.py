"""Replaces the response to a rejected sign-in by a 429 with Retry-After."""

import math
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from slipway.web.sign_in import database, device, guard
from slipway.web.sign_in.request_state import RequestState, current

MESSAGE = "Too many wrong passwords for this account. Wait {} seconds, and try again."


class SignInMiddleware:
    """The outermost: sets the guard's current request, and the cookie of a browser that has signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        state = RequestState(request, database.in_transaction())
        token = current.set(state)
        try:
            response = self._get_response(request)
        finally:
            current.reset(token)
        if state.user is not None:
            device.write(response, request, state.user, guard.clock())
        # Another middleware may have called authenticate().
        return too_many(request, state.wait) if state.wait and response.status_code != 429 else response


class TooManyTriesMiddleware:
    """The innermost, so that the 429 gets the project's own headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        state = current.get()
        return too_many(request, state.wait) if state and state.wait else response


def too_many(request: HttpRequest, wait: float) -> HttpResponse:
    """The project's own 429.html, or a plain page; JSON for a client that does not accept HTML."""
    seconds = max(1, math.ceil(wait))
    message = MESSAGE.format(seconds)
    if request.accepts("text/html") and request.content_type != "application/json":
        try:
            page = render_to_string("429.html", {"request": request, "wait": seconds})
        except TemplateDoesNotExist:
            page = render_to_string("slipway/429.html", {"message": message})
        response = HttpResponse(page, status=429)
    else:
        response = JsonResponse({"detail": message}, status=429)
    response["Retry-After"] = str(seconds)
    add_never_cache_headers(response)
    return response
