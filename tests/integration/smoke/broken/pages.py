"""A page names or loads a wrong file, or a reference is missing."""

from collections.abc import Callable, Iterator

from tests.integration.smoke.broken import broken
from tests.integration.smoke.deployment import Deployment

HOME = "project/templates/gallery/home.html"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


def content(markup: str) -> Callable[[str], str]:
    """Puts ``markup`` at the end of a template's last block."""

    def change(text: str) -> str:
        head, block, tail = text.rpartition("{% endblock")
        return head + markup + block + tail

    return change


@broken(
    "m2",
    by="PO",
    may="B",
    url="/static/js/old.js",
    place={"P": "://www.", "O": "access.log:"},
    says={"P": "<script src>", "O": "404"},
    fix="no file js/old.js is among the collected files: add it, and write {% static 'js/old.js' %}",
)
def hard_coded_template(site: Deployment) -> Iterator[dict]:
    with site.edited({HOME: content('<script src="/static/js/old.js"></script>')}):
        yield {"source": site.local_site.current / "project"}


@broken("m22", by="N", may="P", url="/favicon.ico", place="/slipway-smoke-", says="the 404 page names no icon")
def not_found_page_without_icon(site: Deployment) -> Iterator[None]:
    page = "<!doctype html><html lang='en'><head><title>Not found</title></head><body>Not found</body></html>"
    with site.edited({"project/templates/404.html": lambda text: page}):
        yield


@broken("m23", by="P", url="/static/dense.png", place="://www.", says="<img srcset>")
def dense_screens_leak(site: Deployment) -> Iterator[None]:
    image = f'<img alt="" width="1" height="1" src="{PIXEL}" srcset="/static/dense.png 2x">'
    with site.edited({HOME: content(image)}):
        yield


@broken("m24", by="P", url="/static/img/rail.svg", place="://www.", says="style>")
def inline_url(site: Deployment) -> Iterator[None]:
    style = '<style nonce="{{ request.csp_nonce }}">body::after { content: url(/static/img/rail.svg) }</style>'
    with site.edited({HOME: content(style)}):
        yield


@broken(
    "m25",
    by="BO",
    url="/static/precached.css",
    place={"B": "://www.", "O": "access.log:"},
    says={"B": "a service worker", "O": "404"},
)
def service_worker_precache(site: Deployment) -> Iterator[None]:
    worker = (
        "\nfrom django.http import HttpResponse\n"
        "SCRIPT = \"oninstall = e => e.waitUntil(caches.open('1').then(c => c.addAll(['/static/precached.css'])))\"\n"
        "urlpatterns += [path('sw.js', lambda request: HttpResponse(SCRIPT, 'text/javascript'))]\n"
    )
    register = '<script nonce="{{ request.csp_nonce }}">navigator.serviceWorker.register("/sw.js")</script>'
    with site.edited({"project/fixture/urls.py": lambda text: text + worker, HOME: content(register)}):
        yield


@broken("m26", by="P", url="/static/img/card.jpg", place="://www.", says="<meta og:image>")
def og_image(site: Deployment) -> Iterator[None]:
    meta = '<meta property="og:image" content="/static/img/card.jpg">\n</head>'
    with site.edited({"project/templates/base.html": lambda text: text.replace("</head>", meta)}):
        yield


@broken("m31", by="B", url="/css/print.", place="://www.", says="integrity")
def integrity_mismatch(site: Deployment) -> Iterator[None]:
    digest = f"sha256-{'A' * 43}="
    link = f'<link rel="stylesheet" crossorigin integrity="{digest}" href="{{% static \'css/print.css\' %}}">'
    with site.edited({HOME: lambda text: content("{% load static %}" + link)(text)}):
        yield
