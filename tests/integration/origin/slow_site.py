"""A site whose responses are large, long or never there."""

import atexit
import os
import threading
import time

from django.conf import settings

settings.configure(
    SECRET_KEY="of no use to anybody",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    MIDDLEWARE=["slipway.web.streaming.StreamingMiddleware"],
)

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import FileResponse, HttpResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

MEGABYTE = b"x" * 1_000_000
gate = threading.Event()


FOLDER = os.environ.get("EXIT_FOLDER", "")


class Exit:
    """Leaves a file for what a process that ends has done."""

    def __init__(self):
        atexit.register(os.mknod, f"{FOLDER}/atexit")

    # Modules are gone by then.
    def __del__(self, make=os.mknod, path=f"{FOLDER}/cleanup"):
        make(path)


if FOLDER:
    leaving = Exit()


def page(request):
    return HttpResponse(f"{os.getpid()}", content_type="text/plain")


def seen(request):
    cookies = len(request.META.get("HTTP_COOKIE", ""))
    return HttpResponse(f"{request.method} {len(request.get_full_path())} {cookies}", content_type="text/plain")


def cookies(request):
    response = HttpResponse("baked")
    for number in range(int(request.GET["kilobytes"])):
        response.set_cookie(f"c{number:02}", "v" * 1000)
    return response


def export(request):
    return StreamingHttpResponse((MEGABYTE for _ in range(int(request.GET["megabytes"]))), content_type="text/csv")


def file(request):
    return FileResponse(open(request.GET["name"], "rb"))  # noqa: PTH123


def lines(request):
    """A line each half second."""

    def write():
        for number in range(int(request.GET["lines"])):
            yield f"{number}\n"
            time.sleep(0.5)

    return StreamingHttpResponse(write(), content_type="text/csv")


def events(request):
    """One event, and a second one once somebody has asked for /open/ in the same process."""

    def send():
        yield "data: first\n\n"
        gate.wait(60)
        yield "data: last\n\n"

    return StreamingHttpResponse(send(), content_type="text/event-stream")


def open_gate(request):
    gate.set()
    return HttpResponse("open")


def hang(request):
    time.sleep(600)


urlpatterns = [
    path("", page),
    path("seen/", seen),
    path("cookies/", cookies),
    path("export/", export),
    path("file/", file),
    path("lines/", lines),
    path("events/", events),
    path("open/", open_gate),
    path("hang/", hang),
]
application = get_wsgi_application()
