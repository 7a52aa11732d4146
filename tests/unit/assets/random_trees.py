"""Template trees by chance: each page has a parent, blocks in blocks, conditions, includes and compressed blocks."""

from random import Random

from tests.unit.assets.template_trees import HOLE, A, B, C, L, Tree, block, css, extends, js

SCRIPTS = (A, B, C, "<script>1</script>", "<script>yes = \"{% trans 'Yes' %}\"</script>", "{# no script #}")
STYLE = "<style>a { b: c }</style>"
AROUND = (
    "{{% if 1 %}}{}{{% else %}}x{{% endif %}}",
    "{{% if 0 %}}x{{% elif 1 %}}{}{{% endif %}}",
    "{{% with a=1 %}}{}{{% endwith %}}",
    "{{% spaceless %}} {} {{% endspaceless %}}",
    "{{% autoescape off %}}{}{{% endautoescape %}}",
    "{{% filter lower %}}{}{{% endfilter %}}",
)
# Around what is no template block: these may be rendered twice, or elsewhere.
AROUND_MARKUP = (
    *AROUND,
    "{{% for c in 'ab' %}}{}{{% endfor %}}",
    "{{% component 'parts/card.html' title='x' %}}{}{{% endcomponent %}}",
)
# Template blocks around compressed blocks, and in them.
OUTER, INNER = ("head", "body"), ("scripts", "more")


def tree(seed: int) -> Tree:
    chance = Random(seed)
    templates = HOLE | {
        "root.html": L + _root(chance),
        "parts/card.html": L + "{{ children }}" + css(STYLE),
        "parts/page.html": L + "<p>" + js(C + A),
    }
    above = ["root.html", "base.html"]
    for level in range(1, 1 + chance.randint(1, 3)):
        names = [f"level{level}/page{number}.html" for number in range(chance.randint(1, 3))]
        for name in names:
            parent = chance.choice(above)
            above_it = extends(f"../{parent}" if chance.random() < 0.5 else parent)
            templates[name] = above_it + L + "".join(_filled(chance))
        above = names
    return Tree(templates, languages=("en", "de"))


def _root(chance: Random) -> str:
    outer, inner = list(OUTER), list(INNER)
    parts = []
    for name in outer:
        inside = _compressed(chance, inner.pop()) if chance.random() < 0.5 else _markup(chance)
        parts.append(_around(chance, AROUND, block(name, inside)))
    return "".join([*parts, *(_around(chance, AROUND, _compressed(chance, name)) for name in inner)])


def _filled(chance: Random) -> list[str]:
    outer = (block(name, _markup(chance) + _super(chance)) for name in OUTER if chance.random() < 0.5)
    inner = (block(name, _scripts(chance) + _super(chance)) for name in INNER if chance.random() < 0.6)
    return [*outer, *inner]


def _markup(chance: Random) -> str:
    text = "".join(js(_scripts(chance)) for _ in range(chance.randint(1, 2)))
    text += '{% include "parts/page.html" %}' if chance.random() < 0.3 else ""
    return _around(chance, AROUND_MARKUP, text)


def _compressed(chance: Random, name: str) -> str:
    return js(_scripts(chance) + _around(chance, AROUND, block(name, _scripts(chance))))


def _scripts(chance: Random) -> str:
    return A + _around(chance, AROUND, "".join(chance.sample(SCRIPTS, 2)))


def _super(chance: Random) -> str:
    return "{{ block.super }}" if chance.random() < 0.4 else ""


def _around(chance: Random, choices: tuple[str, ...], text: str) -> str:
    return chance.choice(choices).format(text) if chance.random() < 0.5 else text
