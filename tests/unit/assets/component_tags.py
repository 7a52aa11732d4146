"""Tags as projects and packages write them, a template loader, and an environment of Jinja2."""

import secrets

from compressor.contrib.jinja2ext import CompressorExtension
from django import template
from django.template.base import NodeList, Origin, token_kwargs
from django.template.loaders.base import Loader
from django.templatetags.static import static
from django.utils import translation
from jinja2 import Environment

register = template.Library()


class Component(template.Node):
    """`{% component "card.html" title="…" %}…{% endcomponent %}`: its template shows what is in it as ``children``."""

    def __init__(self, nodelist, name, values):
        self.nodelist, self.name, self.values = nodelist, name, values

    def render(self, context):
        values = {name: value.resolve(context) for name, value in self.values.items()}
        children = self.nodelist.render(context)
        found = context.template.engine.get_template(self.name.resolve(context))
        return found.render(context.new({**values, "children": children}))


@register.tag
def component(parser, token):
    name, *bits = token.split_contents()[1:]
    nodelist = parser.parse(("endcomponent",))
    parser.delete_first_token()
    return Component(nodelist, parser.compile_filter(name), token_kwargs(bits, parser))


class Twice(template.Node):
    """Holds its nodes under a name that Django's walk does not know."""

    child_nodelists = ()

    def __init__(self, nodelist):
        self.body = nodelist

    def render(self, context):
        return self.body.render(context) + self.body.render(context)


@register.tag
def twice(parser, token):
    nodelist = parser.parse(("endtwice",))
    parser.delete_first_token()
    return Twice(nodelist)


class Hidden(template.Node):
    """Keeps its nodes where nobody can find them."""

    def __init__(self, nodelist):
        self.render = nodelist.render


@register.tag
def hidden(parser, token):
    nodelist: NodeList = parser.parse(("endhidden",))
    parser.delete_first_token()
    return Hidden(nodelist)


@register.inclusion_tag("part.html", takes_context=True)
def part_with_all(context):
    return context.flatten()


@register.simple_tag(takes_context=True)
def count(context):
    context.render_context["count"] = context.render_context.get("count", 0) + 1
    return context.render_context["count"]


@register.simple_tag
def broken_static(name):
    """As `{% static %}` with a manifest."""
    if not name:
        raise ValueError("Missing staticfiles manifest entry for ''")
    return static(name)


@register.inclusion_tag("widget.html")
def widget(name):
    return {"name": name}


@register.inclusion_tag("widget.html", takes_context=True)
def widget_with_context(context, name):
    return {"name": name}


@register.simple_tag
def script(name):
    return template.Template('{% load static %}<script src="{% static name %}"></script>').render(
        template.Context({"name": name})
    )


@register.simple_tag
def chance():
    return secrets.token_hex(4)


class Database(Loader):
    """Finds a template by its name only."""

    def get_template_sources(self, name):
        yield Origin(name, name, self)

    def get_contents(self, origin):
        raise template.TemplateDoesNotExist(origin)


def environment(**options):
    made = Environment(**options, extensions=[CompressorExtension, "jinja2.ext.i18n"])
    made.globals["static"] = static
    made.install_gettext_callables(translation.gettext, translation.ngettext, newstyle=True)
    return made
