"""Where a long response waits for a slow client: on the disk, unless that fills, or in its thread.

nginx reads a response as fast as it comes, and keeps what the client has not read in a temporary file of 128 MB at most
(proxy_max_temp_file_size in nginx.conf). The thread is free as soon as nginx has all of it.
https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
"""

import os
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Accel-Buffering"
EVENTS = "text/event-stream"
IN_MEMORY = 128 << 10  # bytes that nginx keeps without a file
FILE = 128 << 20  # bytes of a file, as in nginx.conf
SPARE = 512 << 20  # bytes that stay free, for PostgreSQL and the logs


class StreamingMiddleware:
    """Tells nginx not to buffer server-sent events, which would arrive late, and nothing long while the disk is low.

    ``SLIPWAY_TEMP``: the folder of nginx's temporary files; without it the disk is not looked at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._folder = os.environ.get("SLIPWAY_TEMP", "")
        # Every thread may begin a response at the same moment, and each may fill its file.
        at_once = int(os.environ.get("WEB_CONCURRENCY", "2")) * int(os.environ.get("SLIPWAY_THREADS", "8"))
        self._needed = SPARE + at_once * FILE

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if self._is_long(response) and (self._is_live(response) or self._is_low()):
            response.headers.setdefault(HEADER, "no")
        return response

    @staticmethod
    def _is_long(response: HttpResponseBase) -> bool:
        return response.streaming or len(response.content) > IN_MEMORY

    @staticmethod
    def _is_live(response: HttpResponseBase) -> bool:
        return response.headers.get("Content-Type", "").startswith(EVENTS)

    def _is_low(self) -> bool:
        if not self._folder:
            return False
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize < self._needed
