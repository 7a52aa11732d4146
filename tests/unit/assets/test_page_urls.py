"""What pages would request from the site."""

import pytest
from django.template import engines
from django.test.utils import override_settings

from slipway.tool.assets import page_urls
from slipway.tool.assets.blocks import jinja_blocks
from slipway.tool.assets.blocks.templates import TemplateFile

SOURCES = ("img/a.png", "img/b c.png", "js/a.js", "css/x/one.png", "css/y/one.png")


def check(body, own=True):
    engine = engines["django"].engine
    return page_urls.check([TemplateFile("page.html", "/there/page.html", own, body.encode(), engine)], SOURCES, {})


@pytest.mark.parametrize(
    "body",
    [
        '\n<div style="background:url(/static/img/a.png)"></div>',
        "\n<div style='background:url(&quot;/static/img/a.png?v=1&quot;)'></div>",
        "\n<img srcset='/static/img/a.png 2x'>",
        "\n<img srcset='{% static \"img/a.png\" %} 1x, /static/img/a.png 2x'>",
        "\n<img srcset='{% if x > 1 %}/static/img/a.png{% endif %} 2x'>",
        "\n<img alt='>' src=/static/img/a.png>",
        '\n<link rel="x" href="/static/img/a.png"><img src="/static/img/a.png">',
        '\n<meta content="/static/img/a.png"><i data-url="/static/img/a.png#x"></i>',
        "<style>\nb{background:url('/static/img/a.png?x')}</style>",
        '<STYLE media="{% x %}">\n@import url(/static/img/a.png);</STYLE>',
    ],
)
def test_a_url_of_the_development_server_is_a_warning_with_its_line(body):
    assert check(body) == [
        "/there/page.html:2: /static/img/a.png is requested from the site, which has no static files; write "
        "{% static 'img/a.png' %}, or let a bundler that writes this page have STATIC_URL as its base"
    ]
    assert check(body, own=False) == []


@pytest.mark.parametrize("body", ["<style>\nb{c:url('../img/a.png')}</style>", "\n<p style='b:url(../img/a.png)'>"])
def test_a_url_that_is_relative_to_the_page_is_one_too(body):
    assert check(body) == [
        "/there/page.html:2: ../img/a.png is requested from the site, which has no static files; write "
        "{% static 'img/a.png' %}"
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<p>/static/img/a.png</p><a title='/static/img/a.png' href='/static/gone.png'></a>",
        "<img src='{{ base }}/static/img/a.png'><img src='https://x.example/static/img/a.png'>",
        "<!-- <img src='/static/img/a.png'> -->{# <img src='/static/img/a.png'> #}",
        "{% comment %}\n<img src='/static/img/a.png'>{% endcomment %}",
        "{% compress css %}<style>b{c:url(/static/img/a.png)} i{j:url(../img/a.png)}</style>{% endcompress %}",
        "<style>b{c:url({% static 'img/a.png' %})} i{j:url(#a)} u{v:url(data:x)} /* url(img/a.png) */</style>",
        "<style>b{c:url({{ base }}img/a.png)} i{j:url(one.png)} u{v:url(/img/a.png)} p{q:url(gone.png)}</style>",
    ],
)
def test_what_is_no_static_file_of_the_site_is_none(body):
    assert check(body) == []


def test_jinja2_s_own_templates_are_read_too(tmp_path):
    jinja = {"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [tmp_path]}
    (tmp_path / "page.html").write_text("\n<img srcset='{{ static('img/a.png') }} 1x, /static/img/a.png 2x'>")
    with override_settings(TEMPLATES=[jinja]):
        (warning,) = page_urls.check([], SOURCES, jinja_blocks.own_templates())
    assert "page.html:2: /static/img/a.png is requested from the site" in warning
    assert "write {{ static('img/a.png') }}, or" in warning
