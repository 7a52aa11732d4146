"""The lines to edit for a finding."""

import pytest

from static_smoke.rules import Rule
from static_smoke.source.find import Source
from static_smoke.source.response import Response

SITE, CDN = "https://www.a", "https://static.a"
BASE = """{% load static %}
<!doctype html>
<html lang="en"><head>
<title>{% block title %}The shop of things{% endblock %}</title>
<link rel="stylesheet" href="{% static 'css/base.css' %}">
</head>
<body class="shop-with-a-long-name">
{# <script src="/static/js/commented.js"></script> #}
<script src="/static/js/old.js"></script>
{% block content %}{% endblock %}
<footer class="all-rights-reserved">The shop</footer>
</body></html>
"""
HOME = """{% extends "base.html" %}
{% block content %}
<img class="hero" src="{{ hero }}" alt="">
<img class="loop" src="/static/img/part-{{ number }}.png" alt="">
<img class="photo" src="{{ photo.image.url }}" alt="">
<img class="badge" src="{% url 'shop:badge' user.pk %}" alt="">
{% endblock %}
"""
FILES = {
    "shop/templates/base.html": BASE,
    "shop/templates/home.html": HOME,
    "shop/templates/404.html": "<html><head><title>There is no such page here</title></head><body>Sorry</body></html>",
    "shop/templates/compressed.html": "{% compress css %}<link href=\"{% static 'css/one.css' %}\">{% endcompress %}",
    "shop/templates/vague.html": '<img\n     src="{{ thing.picture }}">',
    "shop/templates/notes.txt": "/static/js/noted.js",
    "shop/templates/admin/base_site.html": '{% extends "admin/base.html" %}\n{% block extrahead %}{% endblock %}',
    "shop/static/css/base.css": "/* url(/static/img/old.png) */\nbody { background: url(/static/img/rail.svg) }",
    "shop/static/js/app.js": "// '/static/js/lazy.js'\nimport('/static/js/lazy.js')",
    "shop/static/js/app.min.js": "import('/static/js/bundled.js')",
    "shop/static/sw.js": "oninstall = e => e.waitUntil(caches.open(1).then(c => c.addAll(['/static/pre.css'])))",
    "shop/views.py": '"""/static/js/said.js"""\n# "/static/js/said.js"\nHERO = "/static/heroes/" + "tall.jpg"\n',
    "shop/urls.py": "urlpatterns = [\n  path('badge/<int:pk>.svg', views.badge, name='badge'),\n]",
    "shop/models.py": "from django.core.files.storage import FileSystemStorage\nstorage = FileSystemStorage()",
    "config/settings.py": "DEBUG = False\nSTATIC_URL = '/static/'\nMEDIA_URL = '/media/'\nDEBUG = True\n",
    "tests/test_page.py": "'/static/js/tested.js'",
    "shop/tests.py": "URL = '/static/js/tested.js'",
    "shop/test_views.py": "URL = '/static/js/tested.js'",
    "README.md": "'/static/js/other.js'",
    "docs/page.html": "'/static/js/other.js'",
    "node_modules/a.js": "'/static/js/other.js'",
    "package-lock.json": "'/static/js/other.js'",
    "locale/de/a.py": "URL = '/static/js/other.js'",
    "build/static/js/a.js": "'/static/js/other.js'",
    "public/staticfiles.json": "{}",
    "public/js/a.js": "'/static/js/other.js'",
    "proof/smoke.json": "{}",
    "proof/index.html": "'/static/js/other.js'",
    "build/app/templates/x.html": "'/static/js/other.js'",
}
PACKAGES = {
    "django/contrib/admin/templates/admin/base.html": "<html>\n<head><title>Administration of the site</title></head>\n"
    '<link href="{% static \'admin/css/base.css\' %}"><img src="/static/admin/old.png">'
    "\n<script src=/static/admin/old.js?v=3></script>",
    "shop/static/shop/list.js": "'/static/js/other.js'",
}
PAGE = """<!doctype html>
<html lang="en"><head>
<title>The shop of things</title>
</head>
<body class="shop-with-a-long-name">
<img class="hero" src="/static/heroes/tall.jpg" alt="">
<img class="hero" src="/static/made/by/nobody.jpg" alt="">
<img class="loop" src="/static/img/part-7.png" alt="">
<img class="photo" src="/media/photos/1.jpg" alt="">
<img class="badge" src="/shop/badge/3.svg" alt="">
<img class="pin" src="/static/admin/old.png">
<link rel="stylesheet" href="/static/unwritten/none.css">
<footer class="all-rights-reserved">The shop</footer>
</body></html>
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp("source")
    for folder, files in (("site", FILES), ("packages", PACKAGES)):
        for name, text in files.items():
            (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (root / folder / name).write_text(text)
    return Source(root / "site", [root / "packages"])


def places(source, rule, url, response=None):
    return [it["place"] for it in source.where(rule, url, response)]


page = Response(f"{SITE}/", PAGE, "page")


@pytest.mark.parametrize(
    ("url", "first"),
    {
        f"{SITE}/static/js/old.js": "shop/templates/base.html:9",
        f"{SITE}/static/img/rail.svg": "shop/static/css/base.css:2",
        f"{SITE}/static/js/lazy.js": "shop/static/js/app.js:2",
        f"{SITE}/static/pre.css": "shop/static/sw.js:1",
        f"{SITE}/static/heroes/tall.jpg": "shop/views.py:3",
        f"{SITE}/static/img/part-7.png": "shop/templates/home.html:4",
        f"{SITE}/static/made/by/nobody.jpg": "shop/templates/home.html:3",
        f"{SITE}/static/css/base.0123456789ab.css": "shop/templates/base.html:5",
        f"{SITE}/shop/badge/3.svg": "shop/templates/home.html:6",
        f"{SITE}/static/admin/old.js?v=3": "django/contrib/admin/templates/admin/base.html:4",
        f"{SITE}/static/admin/old.png": "django/contrib/admin/templates/admin/base.html:3",
    }.items(),
)
def test_a_leak_is_found_where_it_is_written(source, url, first):
    assert places(source, Rule.WRITTEN, url, page)[0] == first


def test_a_path_that_code_begins_and_a_template_shows_names_both(source):
    assert places(source, Rule.WRITTEN, f"{SITE}/static/heroes/tall.jpg", page) == [
        "shop/views.py:3",
        "shop/templates/home.html:3",
    ]


def test_a_view_is_found_by_its_route_and_the_template_that_asks_for_it(source):
    assert places(source, Rule.ARRIVED, f"{SITE}/shop/badge/3.svg") == ["shop/templates/home.html:6", "shop/urls.py:2"]


@pytest.mark.parametrize("name", ["commented", "noted", "said", "tested", "other", "bundled"])
def test_comments_docs_tests_and_what_programs_wrote_are_never_named(source, name):
    assert places(source, Rule.WRITTEN, f"{SITE}/static/js/{name}.js", page) == []


@pytest.mark.parametrize(
    ("url", "first"),
    {
        f"{CDN}/css/base.0123456789ab.css": "shop/templates/base.html:5",
        f"{CDN}/static/css/one.0123456789ab.css": "shop/templates/compressed.html:1",
        f"{CDN}/a/css/base.0123456789ab.css": "shop/templates/base.html:5",
        f"{CDN}/CACHE/css/output.0123456789ab.css": "shop/templates/compressed.html:1",
        f"{CDN}/admin/css/base.0123456789ab.css": "django/contrib/admin/templates/admin/base.html:3",
    }.items(),
)
def test_a_missing_file_is_found_by_its_static_name(source, url, first):
    assert places(source, Rule.MISSING, url)[0] == first


def test_a_line_that_names_another_file_did_not_make_it(source):
    assert places(source, Rule.WRITTEN, f"{SITE}/static/unwritten/none.css", page) == []


def test_a_page_of_one_long_line_is_compared_around_the_url(source):
    long = "<p>word</p>" * 100_000
    other = Response(f"{SITE}/long/", f'{long}<img class="hero" src="/static/made/by/nobody.jpg" alt="">{long}', "page")
    assert places(source, Rule.WRITTEN, f"{SITE}/static/made/by/nobody.jpg", other) == ["shop/templates/home.html:3"]


def test_a_page_that_no_template_made_names_none(source):
    other = Response(
        f"{SITE}/other/", '<html lang="en"><head>\n<title>Made by a program</title>\n</head></html>', "page"
    )
    assert places(source, Rule.NO_ICON, other.url, other) == []


def test_media_on_the_origin_name_the_storage_the_setting_and_the_template(source):
    assert places(source, Rule.WRITTEN_MEDIA, f"{SITE}/media/photos/1.jpg", page) == [
        "config/settings.py:3",
        "shop/models.py:2",
        "shop/templates/home.html:5",
    ]


@pytest.mark.parametrize(
    ("rule", "place"), [(Rule.DEBUG_PAGE, "config/settings.py:4"), (Rule.NO_CDN, "config/settings.py:2")]
)
def test_a_setting_is_named_where_it_is_set_last(source, rule, place):
    assert places(source, rule, f"{SITE}/static/a.css") == [place]


@pytest.mark.parametrize(
    ("kind", "text", "first"),
    [
        ("page", PAGE, "shop/templates/base.html:3"),
        ("404", FILES["shop/templates/404.html"], "shop/templates/404.html:1"),
        ("404", "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>", "templates/404.html"),
        ("admin", PACKAGES["django/contrib/admin/templates/admin/base.html"], "shop/templates/admin/base_site.html:1"),
    ],
    ids=["base", "404", "Django's own", "admin"],
)
def test_a_missing_icon_names_the_template_of_the_head(source, kind, text, first):
    found = places(source, Rule.HIDDEN, f"{SITE}/favicon.ico", Response(f"{SITE}/{kind}{len(text)}/", text, kind))
    assert found[0] == first


def test_a_packages_template_says_which_template_replaces_it(source):
    (found, *_) = source.where(Rule.WRITTEN, f"{SITE}/static/admin/old.png")
    assert found["text"].endswith("(of a package: a template admin/base.html of the project replaces it)")


def test_what_the_cdn_is_told_elsewhere_is_written_nowhere(source):
    assert places(source, Rule.CORS_ABSENT, f"{CDN}/css/base.0123456789ab.css") == []


def test_the_response_is_named_by_line_and_column_with_its_tag():
    text = '<html>\n<input name="token" value="secret"><img src="/static/a&amp;b.png?x=1&amp;y=2" alt="">'
    response = Response(f"{SITE}/", text, "page")
    offset = response.find(f"{SITE}/static/a&b.png?x=1&y=2")
    assert response.place(offset) == {
        "place": f"{SITE}/:2:46",
        "text": '<img src="/static/a&amp;b.png?x=1&amp;y=2" alt="">',
    }
    assert response.find(f"{SITE}/static/c.png") == -1
