"""The origin serves, requests or sends what it must not."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.clone import FIXTURE
from tests.integration.smoke.broken import broken
from tests.integration.smoke.deployment import WITH_PHOTOS, Deployment
from tests.integration.smoke.next_release import switched_to

# What a server that serves static files itself would have on its disk.
ASSETS = FIXTURE / "project" / "assets"


@broken(
    "m1",
    by="PBO",
    url="/static/",
    place={"P": "://www.", "B": "://www.", "O": "access.log:"},
    says={"P": "a static file on the origin", "B": "went to the origin", "O": "404"},
)
def static_url_on_the_origin(site: Deployment) -> Iterator[None]:
    with site.environment(STATIC_URL="/static/"):
        yield


@broken("m3", browser=False, by="C", url="/static/", place="objects.json", says="the file's own bytes")
def nginx_alias(site: Deployment) -> Iterator[None]:
    location = f"location /static/ {{ alias {ASSETS}/; }}\n        location / {{\n            proxy_pass"
    with site.nginx(r"location / \{\s+proxy_pass", location):
        yield


@broken("m4", browser=False, by="C", url="/static/", place="objects.json", says="the file's own bytes")
def whitenoise(site: Deployment) -> Iterator[None]:
    lines = (
        "\nMIDDLEWARE.insert(1, 'whitenoise.middleware.WhiteNoiseMiddleware')\n"
        f"WHITENOISE_STATIC_PREFIX = '/static/'\nSTATIC_ROOT = {str(ASSETS)!r}\n"
    )
    with site.edited({"project/fixture/settings.py": lambda text: text + lines}):
        yield


@broken("m5", browser=False, by="C", url="/static/", place="objects.json", says="the file's own bytes")
def static_route(site: Deployment) -> Iterator[None]:
    route = (
        "\nfrom django.views.static import serve\n"
        f"urlpatterns += [path('static/<path:path>', serve, {{'document_root': {str(ASSETS)!r}}})]\n"
    )
    with site.edited({"project/fixture/urls.py": lambda text: text + route}):
        yield


@broken("m15", by="P", may="B", url="://static.", place="://www.", says="answers 40")
def switch_before_push(site: Deployment) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as directory, switched_to(site.local_site, Path(directory)):
        yield


@broken("m27", by="P", url="/media/", place="://www.", says="uploaded file on the origin")
def media_on_the_origin(site: Deployment) -> Iterator[dict]:
    with site.environment(MEDIA_URL=f"{site.local_site.site.site_url}/media/"):
        yield WITH_PHOTOS


@broken("m29", by="B", url="://static.", place="://www.", says="Content-Security-Policy blocks")
def policy_without_the_static_host(site: Deployment) -> Iterator[None]:
    line = "\nfor hosts in CONTENT_SECURITY_POLICY['DIRECTIVES'].values():\n    hosts[:] = set(hosts) - {STATIC_URL}\n"
    with site.edited({"project/fixture/settings.py": lambda text: text + line}):
        yield


@broken("m30", by="P", url="/slipway-smoke-", place="/slipway-smoke-", says="the 404 page shows DEBUG = True")
def debug_on(site: Deployment) -> Iterator[None]:
    with site.edited({"project/fixture/settings.py": lambda text: f"{text}\nDEBUG = True\n"}):
        yield
