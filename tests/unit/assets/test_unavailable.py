"""The project's 503.html, as the build renders it for nginx."""

import pytest
from django.test.utils import override_settings

from slipway.tool.assets import unavailable
from slipway.web.errors import SlipwayError
from slipway.web.unavailable import NAME
from tests.unit.agent.conftest import host, unpacked, without_systemd

__all__ = ["host", "unpacked", "without_systemd"]


@pytest.fixture
def build(tmp_path):
    """Renders a project with these templates; returns the text that the release gets."""

    def build(**templates):
        (tmp_path / "templates").mkdir(exist_ok=True)
        for name, text in templates.items():
            (tmp_path / "templates" / f"{name}.html").write_text(text)
        engine = {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path / "templates"],
            "OPTIONS": {"context_processors": ["django.contrib.auth.context_processors.auth"]},
        }
        with override_settings(TEMPLATES=[engine], SLIPWAY_MANIFESTS=tmp_path):
            unavailable.write()
        return (tmp_path / NAME).read_text()

    return build


def test_the_projects_page_is_rendered_with_the_names_of_its_static_files(build, monkeypatch):
    monkeypatch.setattr(
        "django.templatetags.static.StaticNode.handle_simple",
        classmethod(lambda cls, path: f"https://cdn/{path}?hashed"),
    )
    own = '{% extends "base.html" %}{% load static %}{% block message %}<img src="{% static "a.png" %}">{% endblock %}'
    page = build(base="<main>{% block message %}{% endblock %}</main>", **{"503": own})
    assert page == '<main><img src="https://cdn/a.png?hashed"></main>'


def test_a_project_without_one_gets_a_plain_page(build):
    page = build()
    assert "Back in a moment" in page and "{" not in page and len(page) < unavailable.MOST


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x" * 3501, r"^503.html: has 3,501 bytes when it is rendered, and nginx takes 3,500; move"),
        ("é" * 1800, r"has 3,600 bytes"),
        ("$" * 450, r"has 450 bytes when it is rendered, and 4,052 with nginx's escapes, and nginx takes 4,000"),
        ('{% extends "gone.html" %}', r"^503.html: gone.html is missing, which it extends or includes$"),
        ("{% load nothing %}", r"^503.html: cannot be rendered without a request and a database: TemplateSyntaxError"),
        ("{{ unknown|floatformat:2|add:1 }}{% url 'nowhere' %}", r"cannot be rendered .*NoReverseMatch"),
    ],
)
def test_a_page_that_nginx_or_the_build_cannot_take_is_one_line(text, told, build):
    with pytest.raises(SlipwayError, match=told) as caught:
        build(**{"503": text})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["x" * 3500, "'" * 1500, "$" * 400])
def test_what_is_let_through_is_what_the_agent_takes(text, build, host):
    assert len(host.maintenance.quote(build(**{"503": text}))) <= host.maintenance.MOST == unavailable.MOST_QUOTED
