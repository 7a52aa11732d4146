"""Sends the default Content-Security-Policy: see slipway.web.settings.csp."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from slipway.web.settings.csp import policy

HEADER = "Content-Security-Policy"


class DefaultPolicy:
    """Adds the policy to each response, unless a view has set one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._policy = policy(settings.SLIPWAY_SOURCES, tuple(getattr(settings, "SLIPWAY_CSP_HOSTS", ())))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault(HEADER, self._policy)
        return response
