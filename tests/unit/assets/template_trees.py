"""Template trees as people write them, with the pages that a request renders."""

from dataclasses import dataclass, field
from typing import Any

L = "{% load static compress i18n l10n tz component_tags %}"
A = "<script src=\"{% static 'js/a.js' %}\"></script>"
B = "<script src=\"{% static 'js/b.js' %}\"></script>"
C = "<script src=\"{% static 'js/c.js' %}\"></script>"
CSS = '<link rel="stylesheet" href="{% static \'css/a.css\' %}">'
PRINT = '<link rel="stylesheet" href="{% static \'css/b.css\' %}" media="print">'


def js(inside: str, mode: str = "") -> str:
    return "{% compress js " + mode + "%}" + inside + "{% endcompress %}"


def css(inside: str, mode: str = "") -> str:
    return "{% compress css " + mode + "%}" + inside + "{% endcompress %}"


def block(name: str, inside: str = "") -> str:
    return "{% block " + name + " %}" + inside + "{% endblock %}"


def extends(name: str) -> str:
    return '{% extends "' + name + '" %}'


@dataclass
class Tree:
    """``templates`` by name. ``pages`` are those that a request renders, with the view's variables.

    ``offline`` is COMPRESS_OFFLINE_CONTEXT, ``links`` are symbolic links by name, ``languages`` those of requests.
    """

    templates: dict[str, str]
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    offline: Any = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    options: dict[str, Any] = field(default_factory=dict)
    engine: str = "django"

    def __post_init__(self) -> None:
        self.pages = self.pages or {name: {} for name in self.templates}


BASE = L + "<!doctype html>" + css(CSS) + js(A + block("scripts")) + block("body")
HOLE = {"base.html": BASE}


def offline_function():
    return [{"theme": "dark"}, {"theme": "light"}]


TREES = {
    "one page": Tree({"page.html": L + css(CSS + PRINT) + js(A + B)}),
    "a child fills a block in the parent's compress": Tree(
        HOLE | {"page.html": extends("base.html") + L + block("scripts", B)}
    ),
    "two children fill one block": Tree(
        HOLE
        | {
            "one.html": extends("base.html") + L + block("scripts", B),
            "two.html": extends("base.html") + L + block("scripts", C),
        }
    ),
    "a relative parent": Tree(
        {"shop/base.html": BASE, "shop/list.html": extends("./base.html") + L + block("scripts", B)}
    ),
    "a relative parent with the name of another": Tree(
        {
            "base.html": "plain",
            "shop/base.html": BASE,
            "shop/list.html": extends("./base.html") + L + block("scripts", B),
        }
    ),
    "a relative parent above": Tree(
        {"base.html": BASE, "shop/list/page.html": extends("../../base.html") + L + block("scripts", B)}
    ),
    "a comment before extends": Tree(
        HOLE | {"page.html": '{# {% extends "old.html" %} #}' + extends("base.html") + L + block("scripts", B)}
    ),
    "comments and text before extends": Tree(
        HOLE
        | {
            "old.html": "old",
            "page.html": '{# one #}\n<!-- {# {% extends "old.html" %} #} -->\n'
            + extends("base.html")
            + L
            + block("scripts", B),
        }
    ),
    "spaces and quotes in extends": Tree(
        HOLE | {"page.html": "\n\n{%extends   'base.html'   %}" + L + block("scripts", B)}
    ),
    "three levels": Tree(
        HOLE
        | {
            "section.html": extends("base.html") + L + block("scripts", B + block("more")),
            "page.html": extends("section.html") + L + block("more", C),
        }
    ),
    "three levels, the middle one says nothing": Tree(
        HOLE | {"section.html": extends("base.html"), "page.html": extends("section.html") + L + block("scripts", C)}
    ),
    "block.super in a compress": Tree(
        {
            "base.html": L + js(block("scripts", A)),
            "page.html": extends("base.html") + L + block("scripts", "{{ block.super }}" + B),
        }
    ),
    "block.super on two levels": Tree(
        {
            "base.html": L + js(block("scripts", A)),
            "middle.html": extends("base.html") + L + block("scripts", "{{ block.super }}" + B),
            "page.html": extends("middle.html") + L + block("scripts", C + "{{ block.super }}"),
        }
    ),
    "block.super brings the parent's compress": Tree(
        {
            "base.html": L + block("head", css(CSS) + js(A)),
            "page.html": extends("base.html") + L + block("head", "{{ block.super }}" + js(B)),
        }
    ),
    "a compress in a child's block": Tree(HOLE | {"page.html": extends("base.html") + L + block("body", js(B + C))}),
    "nested blocks": Tree(
        {
            "base.html": L + block("head", css(CSS) + block("inner", js(A))),
            "one.html": extends("base.html") + L + block("inner", js(B)),
            "two.html": extends("base.html") + L + block("head", js(C) + block("inner", "")),
        }
    ),
    "an included compress": Tree(
        {"page.html": L + '<p>{% include "parts/scripts.html" %}', "parts/scripts.html": L + js(A + B)},
        {"page.html": {}},
    ),
    "an included template with blocks": Tree(
        {
            "page.html": L + '{% include "part.html" %}' + block("scripts", B),
            "part.html": L + js(A + block("scripts", C)),
        }
    ),
    "an included template that extends": Tree(
        HOLE | {"part.html": extends("base.html") + L + block("scripts", B), "page.html": '{% include "part.html" %}'}
    ),
    "a relative include in a compress": Tree(
        {"shop/page.html": L + js('{% include "./part.html" %}' + B), "shop/part.html": L + A}
    ),
    "an include in a compress with values": Tree(
        {
            "page.html": L + js('{% include "part.html" with file="js/b.js" only %}'),
            "part.html": L + '<script src="{% static file %}"></script>',
        },
        {"page.html": {}},
    ),
    "an include of a variable name outside": Tree(
        {"page.html": L + "{% include part %}" + js(A), "a.html": L + js(B), "b.html": L + js(C)},
        {"page.html": {"part": "a.html"}, "a.html": {}},
    ),
    "with in a compress": Tree(
        {"page.html": L + js("{% with name='js/b.js' %}<script src=\"{% static name %}\"></script>{% endwith %}")}
    ),
    "with a filter's missing argument around a compress": Tree(
        {"page.html": L + "{% with a=b.c|default:d.e %}" + js(A) + "{% endwith %}"},
        {"page.html": {"d": {"e": 1}}},
    ),
    "with around a compress": Tree({"page.html": L + "{% with a=1 %}" + js(A) + "{% endwith %}"}),
    "a loop in a compress": Tree(
        {"page.html": L + js("{% for c in 'abc' %}<script>window.{{ c }} = {{ forloop.counter }}</script>{% endfor %}")}
    ),
    "a loop around a compress": Tree(
        {"page.html": L + "{% for item in items %}" + js(A) + "{% empty %}" + js(B) + "{% endfor %}"},
        {"page.html": {"items": [1, 2]}},
    ),
    "conditions around a compress": Tree(
        {"page.html": L + "{% if staff %}" + js(A) + "{% elif user %}" + js(B) + "{% else %}" + js(C) + "{% endif %}"},
        {"page.html": {"user": 1}},
    ),
    "a block in a condition in the parent": Tree(
        {
            "base.html": L + "{% if 1 %}" + block("scripts", js(A)) + "{% endif %}",
            "one.html": extends("base.html") + L + block("scripts", js(B)),
        },
        {"one.html": {}},
    ),
    "a condition in a compress that is known": Tree(
        {"page.html": L + js("{% if theme == 'dark' %}" + A + "{% else %}" + B + "{% endif %}")},
        {"page.html": {"theme": "dark"}},
        offline={"theme": "dark"},
    ),
    "several contexts": Tree(
        {"page.html": L + js(A + "<script>theme = '{{ theme }}'</script>")},
        {"page.html": {"theme": "light"}},
        offline=[{"theme": "dark"}, {"theme": "light"}],
    ),
    "contexts of a function": Tree(
        {"page.html": L + js(A + "<script>theme = '{{ theme }}'</script>")},
        {"page.html": {"theme": "light"}},
        offline="tests.unit.assets.template_trees.offline_function",
    ),
    "a parent that the context names": Tree(
        HOLE | {"page.html": "{% extends layout %}" + L + block("scripts", B)},
        {"page.html": {"layout": "base.html"}},
        offline={"layout": "base.html"},
    ),
    "a parent with a default": Tree(
        HOLE | {"page.html": '{% extends layout|default:"base.html" %}' + L + block("scripts", B)}
    ),
    "a parent with a default, and its block in a compress": Tree(
        {
            "base.html": L + block("head", A),
            "page.html": '{% extends layout|default:"base.html" %}' + L + block("head", js("{{ block.super }}" + B)),
        }
    ),
    "verbatim and comments": Tree(
        {
            "page.html": L
            + "{% verbatim %}{% compress js %}{{ x }}{% endcompress %}{% endverbatim %}{# {% compress js %} #}"
            + "{% comment %}{% compress js %}{{ x }}{% endcompress %}{% endcomment %}"
            + js(A + "{# {{ x }} #}{% comment %}{{ x }}{% endcomment %}<script>1</script>")
        }
    ),
    "verbatim in a compress": Tree(
        {"page.html": L + js("<script>t = '{% verbatim %}{{ x }}{% endverbatim %}'</script>")}
    ),
    "spaceless, filter and autoescape": Tree(
        {
            "page.html": L
            + "{% spaceless %}"
            + js(A)
            + "{% endspaceless %}"
            + "{% autoescape off %}"
            + js(B + "<script>n = '{{ name }}'</script>")
            + "{% endautoescape %}"
            + js("{% filter lower %}<SCRIPT>x = 1</SCRIPT>{% endfilter %}")
        },
        {"page.html": {"name": "shop"}},
        offline={"name": "shop"},
    ),
    "a translation in a compress": Tree(
        {"page.html": L + js(A + "<script>yes = \"{% trans 'Yes' %}\"</script>")}, languages=("en", "de", "fr")
    ),
    "a translation around a compress": Tree(
        {"page.html": L + "{% trans 'Yes' %}" + js(A) + "{% blocktrans %}No{% endblocktrans %}"}, languages=("en", "de")
    ),
    "localize and timezone": Tree(
        {
            "page.html": L
            + "{% localize on %}"
            + js(A)
            + "{% endlocalize %}{% timezone 'Asia/Tokyo' %}"
            + js(B)
            + "{% endtimezone %}"
        }
    ),
    "a component around a compress": Tree(
        {
            "page.html": L + "{% component 'card.html' title='x' %}" + js(A) + "{% endcomponent %}",
            "card.html": L + "<h1>{{ title }}</h1>{{ children }}" + css(CSS),
        },
        {"page.html": {}},
    ),
    "a component in a compress": Tree(
        {
            "page.html": L + js("{% component 'part.html' name='js/a.js' %}" + B + "{% endcomponent %}"),
            "part.html": L + '<script src="{% static name %}"></script>{{ children }}',
        },
        {"page.html": {}},
    ),
    "an inclusion tag in a compress": Tree(
        {
            "page.html": L + js("{% widget 'js/a.js' %}{% widget_with_context 'js/b.js' %}"),
            "widget.html": L + '<script src="{% static name %}"></script>',
        },
        {"page.html": {}},
    ),
    "an inclusion tag with a compress": Tree(
        {"page.html": L + "{% widget 'x' %}", "widget.html": L + "{{ name }}" + js(A)}, {"page.html": {}}
    ),
    "a simple tag and a cycle in a compress": Tree(
        {"page.html": L + js("{% script 'js/a.js' %}{% cycle 'x' 'y' as z silent %}<script>z = '{{ z }}'</script>")}
    ),
    "a dead block in a child": Tree(
        HOLE | {"page.html": extends("base.html") + L + block("scripts", B) + block("nowhere", js(C)) + js(A + C)}
    ),
    "a parent of its own name": Tree(
        HOLE | {"page.html": extends("base.html") + L + block("scripts", "{{ block.super }}" + B)}
    ),
    "a broken template beside": Tree(
        HOLE | {"broken.txt": "{% nonsense %}", "page.html": extends("base.html") + L + block("scripts", B)},
        {"page.html": {}, "base.html": {}},
    ),
    "modes and names": Tree(
        {"page.html": L + js(A, "file main ") + js(B, "inline ") + css(CSS, "preload ") + css(PRINT, "inline ")}
    ),
    "a static that is a variable": Tree(
        {
            "page.html": L
            + js("{% static 'js/a.js' as a %}<script src=\"{{ a }}\"></script>{% get_static_prefix as p %}")
        }
    ),
}
