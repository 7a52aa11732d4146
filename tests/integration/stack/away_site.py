"""A small site whose views use the database in the ways that differ when it goes away. DATABASE_URL: a PostgreSQL.

``PATIENCE``: seconds, for a short test.
"""

import os

from django.conf import settings
from environ import Env

from slipway.web.settings.startproject import LOGGING

settings.configure(
    SECRET_KEY="of no use to anybody",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    LOGGING=LOGGING,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    DATABASES={"default": Env.db_url_config(os.environ["DATABASE_URL"]) | Env().json("DATABASE_OPTIONS", {})},
    MIDDLEWARE=[
        "slipway.web.health.HealthMiddleware",
        "slipway.web.database.middleware.DatabaseAwayMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    SLIPWAY_MANIFESTS=os.environ.get("SLIPWAY_MANIFESTS", "/nonexistent"),
)

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

from slipway.web.database import outage  # noqa: E402

outage.PATIENCE = float(os.environ.get("PATIENCE", outage.PATIENCE))


def text(words):
    return HttpResponse(f"{words}\n", content_type="text/plain")


@transaction.non_atomic_requests
def plain(request):
    return text("no database")


def count(request):
    return text(Group.objects.count())


def sign_in(request):
    from django.contrib.auth import login

    login(request, User.objects.get(username="ada"), "django.contrib.auth.backends.ModelBackend")
    return text("hello")


def user(request):
    return text(request.user.get_username() or "nobody")


def write(request):
    """A row is there; then the request's connection is ended from outside."""
    Group.objects.create(name=request.GET["name"])
    return ask("SELECT pg_sleep(60)")


def swallow(request):
    """Takes no notice of an error, and changes the session, which is written after the view."""
    request.session["seen"] = True
    try:
        ask("SELECT pg_sleep(60)")
    except Exception:
        return text("nothing happened")


def wrong(request):
    return ask("SELECT 1 / 0")


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return text("done")


def server_error(request):
    """With ``?ask=1`` it asks the database too, as a page with the visitor's name does."""
    return HttpResponse(f"sorry, {User.objects.first() if 'ask' in request.GET else 'you'}", status=500)


handler500 = server_error
urlpatterns = [
    path("plain/", plain),
    path("count/", count),
    path("sign-in/", sign_in),
    path("user/", user),
    path("write/", write),
    path("swallow/", swallow),
    path("wrong/", wrong),
]
application = get_wsgi_application()
