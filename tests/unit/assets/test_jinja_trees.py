"""Jinja2's templates: each page that stock django-compressor's bundles serve is served by ours."""

import pytest

from slipway.web.errors import SlipwayError
from tests.unit.assets.template_trees import Tree

A = "<script src=\"{{ static('js/a.js') }}\"></script>"
B = "<script src=\"{{ static('js/b.js') }}\"></script>"
YES = "<script>yes = '{{ _('Yes') }}'</script>"


def js(inside: str, mode: str = "") -> str:
    return "{% compress js" + mode + " %}" + inside + "{% endcompress %}"


def tree(templates: dict[str, str], pages=None, **more) -> Tree:
    return Tree(templates, pages or {}, engine="jinja2", **more)


TREES = {
    "one page": tree({"page.html": "<!doctype html>" + js(A + B) + js(B, " inline")}),
    "a child's block": tree(
        {
            "base.html": js(A) + "{% block body %}{% endblock %}",
            "page.html": "{% extends 'base.html' %}{% block body %}" + js(B) + "{% endblock %}",
        }
    ),
    "a block in a compress that nobody fills": tree({"page.html": js("{% block scripts %}" + A + "{% endblock %}")}),
    "a loop and conditions": tree(
        {
            "page.html": "{% for each in items %}" + js(A) + "{% endfor %}"
            "{% if staff %}" + js(B) + "{% else %}" + js(A + B) + "{% endif %}"
        },
        {"page.html": {"items": [1]}},
    ),
    "an include in a compress": tree({"page.html": js("{% include 'part.html' %}"), "part.html": A}),
    "a loop and set in a compress": tree(
        {
            "page.html": js(
                "{%- set n = 3 %}{% for i in range(n) %}<script>window.n{{ i }} = {{ loop.index }}</script>{% endfor %}"
            )
        }
    ),
    "whitespace control and comments": tree(
        {"page.html": "{# {% compress js %} #}\n{%- compress 'js' -%}\n" + A + "\n{%- endcompress %}"}
    ),
    "raw": tree({"page.html": "{% raw %}{% compress js %}{% endraw %}" + js(A)}),
    "contexts": tree(
        {"page.html": js(A + "<script>theme = '{{ theme }}'</script>")},
        {"page.html": {"theme": "a&b"}},
        offline=[{"theme": "a&b"}, {"theme": "c"}],
    ),
    "a translation": tree({"page.html": js(YES)}, languages=("en",)),
    "no block": tree({"page.html": "compress {{ x }}"}),
}


@pytest.mark.parametrize("name", TREES)
def test_what_stock_serves_is_served(name, site):
    made = site(TREES[name])
    stock, ours = made.served(made.stock()), made.served(made.ours().manifest)
    assert stock
    assert stock.keys() <= ours.keys()


BEYOND = {
    "a translation": tree({"page.html": js(YES)}, languages=("en", "de", "fr")),
    "another extension": tree({"page.jinja": js(A), "mail.txt": js(B)}),
    "in else-if": tree({"page.html": "{% if a %}{% elif b %}" + js(A) + "{% endif %}"}, {"page.html": {"b": 1}}),
    "a linked folder": tree({"page.html": js(A)}, {"linked/part.html": {}}, links={"linked": "../elsewhere"}),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_a_request_renders_is_bundled(name, site, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/part.html").write_text(js(B))
    expected = BEYOND[name]
    made = site(expected)
    assert len(made.served(made.ours().manifest)) == len(expected.pages) * len(expected.languages)


USES = "{% compress %} uses the variable "
REJECTED = {
    "a variable": (js("<script>{{ theme }}</script>"), USES + "theme, and"),
    "a variable with a default": (
        js("<script>{{ theme|default(1) }}</script>"),
        USES + "theme, and",
    ),
    "an attribute": (js("<script>{{ request.user.name }}</script>"), USES + "request, and"),
    "whether it is there": (
        js("{% if user is defined %}" + A + "{% endif %}"),
        USES + "user, and",
    ),
    "one that is set outside": (
        "{% set n = 1 %}" + js("<script>{{ n }}</script>"),
        USES + "n, and",
    ),
    "a variable of an included template": (
        js("{% include 'part.html' %}"),
        USES + "name, and",
    ),
    "chance": (js("<script>{{ [1, 2]|random }}</script>"), "{% compress %} is rendered otherwise each time"),
    "a syntax error": (js("{{ "), "cannot be compiled: "),
    "a missing file": (js("{% include 'gone.html' %}"), "{% compress js %}: 'gone.html' not found"),
    "a block that a child fills": (
        js("{% block scripts %}{% endblock %}"),
        "{% compress %} has the block scripts in it, and ",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_it_is_rejected_with_its_line(name, site):
    text, line = REJECTED[name]
    child = "{% extends 'page.html' %}{% block scripts %}" + B + "{% endblock %}"
    with pytest.raises(SlipwayError) as error:
        site(tree({"page.html": "\n\n" + text, "part.html": "{{ name }}", "child.html": child})).ours()
    assert f"page.html:3: {line}" in str(error.value)


def test_an_environment_without_the_extension_is_named(site, monkeypatch):
    monkeypatch.setattr("tests.unit.assets.component_tags.CompressorExtension", "jinja2.ext.do")
    line = r"page\.html:1: cannot be compiled: .* the environment needs the extension compressor\.contrib\.jinja2ext"
    with pytest.raises(SlipwayError, match=line):
        site(tree({"page.html": js(A)})).ours()
