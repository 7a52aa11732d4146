"""Template tags for ES modules.

    {% load slipway static %}
    {% importmap %}
    {% modulepreload "js/app.js" %}
    <script type="module" src="{% static 'js/app.js' %}"></script>

`{% importmap %}` goes before the first module. It maps each of the project's modules to its hashed
URL, so that they keep their bytes and import each other by plain name, in circles too. Rewriting the
imports instead could not hash two modules that import each other. `{% modulepreload %}` lets the
browser fetch a module and all that it imports at once.
"""

import json
from functools import cache
from pathlib import Path
from urllib.parse import quote

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# JSON inside <script> must not end it.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}

# Characters that a browser does not escape in a path: the map's keys are the URLs that it resolves.
# https://url.spec.whatwg.org/#path-percent-encode-set
PATH = "/!$%&'()*+,;:=@[]|~\\"


@register.simple_tag(takes_context=True)
def importmap(context: Context) -> SafeString:
    """The import map with the nonce of django-csp or Django itself; in development, only bare names."""
    imports = {bare: static(name) for bare, name in getattr(settings, "SLIPWAY_IMPORTS", {}).items()}
    if settings.SLIPWAY_OFFLOAD:
        base = settings.STATIC_URL
        for name, hashed in _manifest()["imports"].items():
            imports[base + quote(name, safe=PATH)] = base + quote(hashed, safe=PATH)
    if not imports:
        return mark_safe("")
    return format_html(
        '<script type="importmap"{}>{}</script>',
        _nonce(context),
        mark_safe(json.dumps({"imports": imports}, separators=(",", ":")).translate(ESCAPES)),
    )


@register.simple_tag(takes_context=True)
def modulepreload(context: Context, name: str) -> SafeString:
    """Links to a module and all it imports statically; in development, nothing."""
    if not settings.SLIPWAY_OFFLOAD:
        return mark_safe("")
    names = (name, *_manifest()["preload"].get(name, ()))
    nonce = _nonce(context)
    return format_html_join("\n", '<link rel="modulepreload" href="{}"{}>', ((static(each), nonce) for each in names))


def _nonce(context: Context) -> SafeString:
    # A lazy nonce that was not read yet is false, so compare with None.
    nonce = getattr(context.get("request"), "csp_nonce", context.get("csp_nonce"))
    return mark_safe("") if nonce is None else format_html(' nonce="{}"', nonce)


@cache
def _manifest() -> dict[str, dict]:
    path = Path(settings.SLIPWAY_MANIFESTS) / "importmap.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"{path} is missing; run `python manage.py collectstatic` under production settings"
        ) from None
