"""Correct sites made of third-party packages, in a clone of Slipway as docs/project.md says."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rehearsal.local_site import BIN
from slipway.web.guard import LINE
from tests.clone import clone

ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'
LINK = '<link rel="icon" href="{% static \'brand/icon.svg\' %}">'
PAGE = f'{{% load static %}}<!doctype html><html lang="en"><head>{LINK}<title>Sorry</title></head><body></body></html>'
ADMIN = f'{{% extends "admin/base.html" %}}{{% load static %}}{{% block extrahead %}}{LINK}{{% endblock %}}'
# What none of the packages brings and every site has: an icon, on the error pages too.
BRAND = {
    "__init__.py": "",
    "static/brand/icon.svg": ICON,
    "templates/admin/base_site.html": ADMIN,
    **{f"templates/{name}.html": PAGE for name in ("400", "403", "403_csrf", "404", "500")},
}


@dataclass(frozen=True)
class Site:
    """``make`` fills a clone's project/; ``settings`` is its module, ``shows`` a name that its pages load.

    ``leaks``: a path whose static bytes the package itself sends from the origin, to people who are signed in.
    """

    make: Callable[[Path], None]
    shows: str
    settings: str = "mysite.settings"
    login: str = "/admin/login/"
    paths: tuple[str, ...] = ()
    leaks: str = ""


def clone_with(site: Site, directory: Path) -> Path:
    """A clone of Slipway with the site in project/."""
    clone(directory, f"settings: {site.settings}\nwsgi: mysite.wsgi\n")
    (directory / "project").mkdir()
    site.make(directory / "project")
    for name, text in BRAND.items():
        write(directory / "project" / "brand" / name, text)
    settings = directory / "project" / Path(*site.settings.split(".")).with_suffix(".py")
    settings.write_text(f"{settings.read_text()}\nINSTALLED_APPS.insert(0, 'brand')\n{LINE}\n")
    return directory


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def start(project: Path, *, apps: str = "", settings: str = "", urls: str = "") -> None:
    """What `django-admin startproject` makes, with further apps, settings and URLs."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", project], check=True)
    (project / "manage.py").unlink()
    module = project / "mysite" / "settings.py"
    text = module.read_text().replace("INSTALLED_APPS = [", f"INSTALLED_APPS = [{apps}")
    module.write_text(f"{text}\n{settings}\n")
    (project / "mysite" / "urls.py").write_text(
        f"from django.contrib import admin\nfrom django.urls import include, path\n{urls}\n"
    )


def admin_alone(project: Path) -> None:
    start(project, urls="urlpatterns = [path('admin/', admin.site.urls)]")


def unfold(project: Path) -> None:
    start(
        project,
        apps="'unfold', ",
        settings=(
            "from django.templatetags.static import static\n"
            "UNFOLD = {'SITE_FAVICONS': [{'rel': 'icon', 'type': 'image/svg+xml',"
            " 'href': lambda request: static('brand/icon.svg')}]}\n"
        ),
        urls="urlpatterns = [path('admin/', admin.site.urls)]",
    )


def rest_framework(project: Path) -> None:
    sidecar = {f"{name}_DIST": "SIDECAR" for name in ("SWAGGER_UI", "REDOC")} | {"SWAGGER_UI_FAVICON_HREF": "SIDECAR"}
    start(
        project,
        apps="'rest_framework', 'drf_spectacular', 'drf_spectacular_sidecar', 'api', ",
        settings=(
            "REST_FRAMEWORK = {'DEFAULT_SCHEMA_CLASS': 'drf_spectacular.openapi.AutoSchema'}\n"
            f"SPECTACULAR_SETTINGS = {sidecar | {'TITLE': 'Users'}!r}\n"
        ),
        urls=(
            "from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView\n"
            "from rest_framework.routers import DefaultRouter\nfrom api import Users\n"
            "router = DefaultRouter()\nrouter.register('users', Users)\n"
            "urlpatterns = [path('', include(router.urls)), path('admin/', admin.site.urls),\n"
            "    path('auth/', include('rest_framework.urls')),\n"
            "    path('schema/', SpectacularAPIView.as_view(), name='schema'),\n"
            "    path('docs/', SpectacularSwaggerView.as_view(url_name='schema'))]\n"
        ),
    )
    write(
        project / "api" / "__init__.py",
        "def __getattr__(name):\n"
        "    from django.contrib.auth.models import User\n"
        "    from rest_framework import serializers, viewsets\n"
        "    class UserSerializer(serializers.ModelSerializer):\n"
        "        class Meta:\n            model, fields = User, ['username']\n"
        "    if name != 'Users':\n        raise AttributeError(name)\n"
        "    return type('Users', (viewsets.ReadOnlyModelViewSet,),\n"
        "                {'queryset': User.objects.order_by('pk'), 'serializer_class': UserSerializer})\n",
    )
    for name in ("api", "login"):
        write(
            project / "brand" / "templates" / "rest_framework" / f"{name}.html",
            f'{{% extends "rest_framework/{"base" if name == "api" else "login_base"}.html" %}}{{% load static %}}'
            f"{{% block style %}}{LINK}{{{{ block.super }}}}{{% endblock %}}",
        )


def wagtail(project: Path) -> None:
    subprocess.run([BIN / "wagtail", "start", "mysite", project], check=True, stdout=subprocess.DEVNULL)
    (project / "manage.py").unlink()
    settings = project / "mysite" / "settings" / "production.py"
    # Slipway's default policy for the pages lets no host in that the site does not name.
    own = "import os\nSECRET_KEY = os.environ['SECRET_KEY']\n"
    own += "WAGTAIL_GRAVATAR_PROVIDER_URL = None\nWAGTAIL_ENABLE_UPDATE_CHECK = False\n"
    settings.write_text(f"{settings.read_text()}\n{own}")
    base = project / "mysite" / "templates" / "base.html"
    base.write_text(base.read_text().replace("</head>", f"{LINK}</head>"))


SITES = {
    "admin": Site(admin_alone, shows="/admin/css/base."),
    "unfold": Site(unfold, shows="/unfold/"),
    "rest-framework": Site(rest_framework, shows="/rest_framework/", login="/auth/login/", paths=("/docs/", "/users/")),
    "wagtail": Site(wagtail, shows="/wagtailadmin/", settings="mysite.settings.production", leaks="/admin/sprite/"),
}
