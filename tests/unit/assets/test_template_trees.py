"""Each page that stock django-compressor's bundles serve is served by ours: it is the oracle, on the same templates."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import compressor.cache
import pytest
from django.conf import global_settings
from django.test.utils import override_settings

from slipway import ROOT
from slipway.tool.assets.collect import is_own, shown
from slipway.web.errors import SlipwayError
from tests.unit.assets import random_trees
from tests.unit.assets.template_trees import HOLE, TREES, A, B, C, L, Tree, block, css, extends, js
from tests.unit.assets.tree_site import configured


@pytest.mark.parametrize("name", TREES)
def test_what_stock_serves_is_served(name, site):
    made = site(TREES[name])
    stock, ours = made.served(made.stock()), made.served(made.ours().manifest)
    assert stock.keys() <= ours.keys()
    for page, html in stock.items():
        assert tags(ours[page]) == tags(html)


def tags(html: str) -> list[str]:
    """What a browser loads, by kind: the names of two compressors' bundles differ."""
    return re.findall('<script src=|<script>|<link rel="stylesheet"|<style|preload', html)


@pytest.mark.parametrize("seed", range(24))
def test_what_stock_serves_of_a_tree_by_chance_is_served_and_the_rest_too(seed, site):
    made = site(random_trees.tree(seed))
    stock, ours = made.served(made.stock()), made.served(made.ours().manifest)
    assert stock.keys() <= ours.keys()
    assert len(ours) == len(made.tree.pages) * len(made.tree.languages)


YES = "<script>yes = \"{% trans 'Yes' %}\"</script>"

# What a request renders and stock does not serve.
BEYOND = {
    "two children fill a block in a condition": Tree(
        {
            "base.html": L + "{% if 1 %}" + block("scripts", js(A)) + "{% endif %}",
            "one.html": extends("base.html") + L + block("scripts", js(B)),
            "two.html": extends("base.html") + L + block("scripts", js(C)),
        }
    ),
    "with around what uses it": Tree(
        {"page.html": L + "{% with name='a' %}" + js("<script>{{ name }}</script>") + "{% endwith %}"}
    ),
    "autoescape around what uses it": Tree(
        {"page.html": L + "{% autoescape off %}" + js("<script>n = {{ name }}</script>") + "{% endautoescape %}"},
        {"page.html": {"name": '"A&B"'}},
        offline={"name": '"A&B"'},
    ),
    "a language around a translation": Tree({"page.html": L + "{% language 'es' %}" + js(YES) + "{% endlanguage %}"}),
    "numbers and dates of a language": Tree(
        {"page.html": L + js("<script>n = '{{ n }}'; d = '{{ d }}'</script>")},
        {"page.html": {"n": 0.5, "d": date(2026, 5, 3)}},
        offline={"n": 0.5, "d": date(2026, 5, 3)},
        languages=("en", "de", "fr"),
    ),
    "the language's own name": Tree(
        {"page.html": L + js("{% get_current_language as code %}<script>code = '{{ code }}'</script>")},
        languages=("en", "de", "fr"),
    ),
    "an inherited translation": Tree(
        {
            "base.html": L + js(A + block("scripts")),
            "page.html": extends("base.html")
            + L
            + block("scripts", '<script>yes = "{% blocktrans %}Yes{% endblocktrans %}"</script>'),
        },
        languages=("en", "de", "fr"),
    ),
    "a kept fragment in a compress": Tree(
        {"page.html": "{% load cache %}" + L + js("{% cache 500 yes %}" + YES + "{% endcache %}")}, languages=("en",)
    ),
    "a default parent with a filter": Tree(
        {
            "base.html": L + js(A + block("scripts")),
            "part.html": L + js(B + block("scripts")),
            "page.html": '{% extends htmx|yesno:"part.html,base.html" %}' + L + block("scripts", C),
        },
        {"page.html": {"htmx": True}},
    ),
    "a parent that only the view names": Tree(
        {"base.html": L + block("body"), "page.html": "{% extends layout %}" + L + block("body", js(A))},
        {"page.html": {"layout": "base.html"}},
    ),
    "a parent of the view's with a compressed block": Tree(
        {
            "base.html": L + js(A + block("scripts")) + block("body"),
            "plain.html": L + block("scripts") + block("body"),
            "section.html": extends("base.html") + block("body", "section"),
            "page.html": "{% extends layout %}" + L + block("scripts", "{{ block.super }}" + B),
        },
        {"page.html": {"layout": "section.html"}, "section.html": {}},
    ),
    "a tag that holds its nodes under a name of its own": Tree(
        {"page.html": L + "{% twice %}" + js(A) + "{% endtwice %}"}
    ),
    "a cycle that begins again": Tree(
        {"page.html": L + js("<script>{% for c in 'abc' %}{{ c }} = {% cycle '1' '2' %};{% endfor %}</script>")}
    ),
    "a loop in a loop that notices a change": Tree(
        {
            "page.html": L
            + "{% for i in 'ab' %}"
            + js("<script>{% for c in 'aab' %}{% ifchanged c %}{{ c }} = 1;{% endifchanged %}{% endfor %}</script>")
            + "{% endfor %}"
        }
    ),
    "an include in a compress without all of its values": Tree(
        {
            "page.html": L + js("{% include 'part.html' with name='js/a.js' only %}"),
            "part.html": L + '<script src="{% static name %}"></script>{% if more %}' + B + "{% endif %}",
        },
        {"page.html": {}},
    ),
    "another extension": Tree({"page.htm": L + js(A), "mail.txt": L + js(B), "page": L + js(C)}),
    "a linked folder": Tree({"page.html": L + js(A)}, {"linked/part.html": {}}, links={"linked": "../elsewhere"}),
    "a folder linked to itself": Tree({"page.html": L + js(A)}, {"page.html": {}}, links={"shop/loop": "../shop"}),
    "an editor's files": Tree(
        {"page.html": L + js(A), "page.html~": L + js("{{ x }}"), "#page.html#": "{% compress", ".page.html.swp": "\0"},
        {"page.html": {}},
        links={".#page.html": "engineer@host.1234:1", "gone.html": "nowhere"},
    ),
    "templates of a loader without files": Tree(
        {},
        {"page.html": {}},
        options={
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        ("django.template.loaders.locmem.Loader", {"page.html": L + js(A + C)}),
                        "django.template.loaders.filesystem.Loader",
                    ],
                )
            ]
        },
    ),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_a_request_renders_is_bundled(name, site, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/part.html").write_text(L + js(C))
    tree = BEYOND[name]
    made = site(tree)
    bundles = made.ours()
    assert len(made.served(bundles.manifest)) == len(tree.pages) * len(tree.languages)
    assert bundles.warnings == []


CHANCE = "is rendered otherwise each time, and a bundle is built before any request"
VARIABLE = "and a bundle is built before any request; move it out of the block or name it in COMPRESS_OFFLINE_CONTEXT"
REJECTED = {
    "a variable": ("<script>{{ theme }}</script>", f"uses the variable theme, {VARIABLE}"),
    "a condition": ("{% if user.is_authenticated %}" + A + "{% endif %}", f"uses the variable user, {VARIABLE}"),
    "a variable with a default": ("<script>{{ theme|default:1 }}</script>", f"uses the variable theme, {VARIABLE}"),
    "a variable in a translation": (
        "<script>'{% blocktrans %}Yes {{ name }}{% endblocktrans %}'</script>",
        f"uses the variable name, {VARIABLE}",
    ),
    "a variable in an included template": ("{% include 'part.html' %}", f"uses the variable name, {VARIABLE}"),
    "a variable that a tag hands on": ("{% part_with_all %}", f"uses the variable name, {VARIABLE}"),
    "a variable of a loop around": ("<script>{{ forloop.counter }}</script>", f"uses the variable forloop, {VARIABLE}"),
    "a token": ("{% csrf_token %}", f"uses the variable csrf_token, {VARIABLE}"),
    "a token that is handed on": ("<script>'{{ csrf_token }}'</script>", f"uses the variable csrf_token, {VARIABLE}"),
    "the year": ("<script>y = '{% now 'Y' %}'</script>", CHANCE),
    # Even where both are alike: the next time others may be there.
    "a random choice": ("<script>c = '{{ 'aa'|random }}'</script>", CHANCE),
    "random words": ("<script>c = '{% lorem 2 w random %}'</script>", CHANCE),
    "a random key": ("<script>c = '{% chance %}'</script>", CHANCE),
    "a time in the visitor's zone": ("<script>t = '{{ built }}'</script>", CHANCE),
    "a block in a block": (js(A), "another {% compress %} is in it"),
    "a missing include": ("{% include 'gone.html' %}", "gone.html"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_block_that_differs_by_request_is_rejected_with_its_line(name, site):
    inside, line = REJECTED[name]
    part = '<script src="{% static name %}"></script>'
    tree = Tree(
        {"page.html": L + "\n\n" + js(inside), "part.html": L + part},
        offline={"built": datetime(2026, 5, 3, tzinfo=UTC)},
    )
    with pytest.raises(SlipwayError) as error:
        site(tree).ours()
    assert re.fullmatch(r".*/page\.html:3: \{% compress (js )?%\}:? .*", str(error.value))
    assert line in str(error.value)


AGAIN = r"page\.html:2: {% compress js %}: gives another result each time it is rendered: {% cycle %}, {% ifchanged %}"


@pytest.mark.parametrize(
    "inside",
    [
        "{% cycle 'a' 'b' %}",
        "{% ifchanged 'x' %}a{% else %}b{% endifchanged %}",
        "{% with x=1 %}{% if x %}{% cycle 'a' 'b' %}{% endif %}{% endwith %}",
    ],
)
def test_a_block_that_a_loop_renders_otherwise_is_rejected(inside, site):
    tree = Tree({"page.html": L + "{% for i in 'ab' %}\n" + js(f"<script>{inside} = 1</script>") + "{% endfor %}"})
    with pytest.raises(SlipwayError, match=AGAIN):
        site(tree).ours()


def test_a_block_that_counts_what_was_rendered_before_it_is_rejected(site):
    with pytest.raises(SlipwayError, match=AGAIN):
        site(Tree({"page.html": L + "{% count %}\n" + js("<script>n = {% count %}</script>")})).ours()


def test_a_variable_that_is_an_included_template_s_is_named(site):
    tree = Tree(
        {
            "page.html": "{% include 'part.html' with name='js/a.js' only %}",
            "part.html": L + js("{% broken_static name %}"),
        }
    )
    with pytest.raises(SlipwayError, match=r"part\.html:1: {% compress %} uses the variable name, and a bundle"):
        site(tree).ours()


def test_a_text_that_cannot_be_compiled_is_a_warning(site):
    (warning,) = site(Tree({"page.html": L + js(A), "README.md": "\n{% compress js %}"})).ours().warnings
    assert "README.md:2: cannot be compiled: Invalid block tag" in warning


def test_a_block_that_a_tag_hides_is_rejected(site):
    with pytest.raises(
        SlipwayError, match=r"page\.html:1: this {% compress %} block was not compressed: a tag around it"
    ):
        site(Tree({"page.html": L + "{% hidden %}" + js(A) + "{% endhidden %}"})).ours()


@pytest.mark.parametrize("spelled", [lambda path: path / "x" / ".." / "templates", lambda path: Path("templates")])
def test_the_folder_of_templates_may_be_spelled_otherwise(spelled, site, tmp_path, monkeypatch):
    made = site(Tree({"page.html": L + js(A)}))
    monkeypatch.chdir(tmp_path)
    with override_settings(TEMPLATES=configured(spelled(tmp_path), {})):
        assert len(made.ours().manifest) == 1


@pytest.mark.parametrize("path", ["deploy/../project/a.css", "project//a.css", "project/./a.css"])
def test_a_path_of_the_project_may_be_spelled_otherwise(path):
    spelled = f"{ROOT}/{path}"
    assert (is_own(spelled), shown(spelled)) == (True, "project/a.css")
    assert not is_own(f"{ROOT}/../elsewhere/a.css")


def test_a_fragment_that_is_kept_has_each_language(site):
    text = "{% load cache %}" + L + js("{% cache 500 yes %}" + YES + "{% endcache %}")
    assert len(site(Tree({"page.html": text})).ours().manifest) == 3


def test_a_block_in_a_block_is_rejected_whatever_an_older_build_has(site):
    made = site(Tree({"page.html": L + js(A)}))
    compressor.cache._offline_manifest = made.ours().manifest
    (made.directory / "page.html").write_text(L + js(js(A)))
    with pytest.raises(SlipwayError, match=r"another \{% compress %\} is in it"):
        made.ours()


def test_the_child_that_fills_a_block_wrongly_is_named(site):
    tree = Tree(HOLE | {"page.html": extends("base.html") + L + block("scripts", "<script>{{ theme }}</script>")})
    with pytest.raises(SlipwayError, match=r"base\.html:1: .* uses the variable theme, .*page\.html shows it\)$"):
        site(tree).ours()


def test_a_hundred_languages_are_a_warning(site):
    made = site(Tree({"page.html": L + js(YES)}))
    with override_settings(LANGUAGES=global_settings.LANGUAGES):
        (warning,) = made.ours().warnings
    assert re.search(r"page\.html:1: {% compress %} has a bundle for each of \d\d languages; set LANGUAGES", warning)


def test_a_block_that_no_page_shows_is_a_warning(site):
    tree = Tree(HOLE | {"page.html": extends("base.html") + L + "\n" + block("gone", css(A))})
    (warning,) = site(tree).ours().warnings
    assert "page.html:2: this {% compress %} block is in no block of the parent template" in warning


def test_the_same_content_in_two_modes_is_rejected(site):
    tree = Tree({"a.html": L + js(A, "inline "), "b.html": L + "\n" + js(A)})
    with pytest.raises(
        SlipwayError, match=r"b\.html:2: .* mode file, and the same content has the mode inline in .*a.html:1"
    ):
        site(tree).ours()


def test_a_loader_that_cannot_list_its_templates_is_a_warning(site):
    loaders = ["tests.unit.assets.component_tags.Database", "django.template.loaders.filesystem.Loader"]
    (warning,) = site(Tree({"page.html": L + js(A)}, options={"loaders": loaders})).ours().warnings
    assert warning.startswith("TEMPLATES: tests.unit.assets.component_tags.Database cannot list its templates; ")


@pytest.mark.parametrize("context", ["tests.unit.assets.template_trees.gone", "gone.contexts", "", [1]])
def test_an_offline_context_that_is_none_is_rejected(context, site):
    with pytest.raises(SlipwayError, match=r"^COMPRESS_OFFLINE_CONTEXT: \w+: "):
        site(Tree({"page.html": L + js(A)}, offline=context)).ours()
