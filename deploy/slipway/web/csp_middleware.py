"""Sends the default Content-Security-Policy: see slipway.web.settings.default_csp."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from slipway.web.settings.default_csp import policy, sends_one

HEADER = "Content-Security-Policy"


class DefaultPolicy:
    """Adds the policy to each response, unless a view has set one, or the project one below its settings line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if sends_one(settings.MIDDLEWARE, lambda name: getattr(settings, name, None)):
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._policy = policy(settings.SLIPWAY_SOURCES, tuple(getattr(settings, "SLIPWAY_CSP_HOSTS", ())))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault(HEADER, self._policy)
        return response
