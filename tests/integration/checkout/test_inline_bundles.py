"""`{% compress … inline %}` applies in a browser, under our policy and under a strict one of the project's own."""

import json

import pytest

PAGE = """{% load static compress %}<!doctype html><title>x</title>
{% compress css inline %}<link rel="stylesheet" href="{% static 'css/critical.css' %}">{% endcompress %}
{% compress js inline %}<script src="{% static 'js/early.js' %}"></script>
<script>document.documentElement.dataset.second = "{% static 'js/a.js' %}"</script>{% endcompress %}
<script>document.documentElement.dataset.foreign = 1</script>
"""
URLS = """from django.urls import path
from django.views.generic import TemplateView
urlpatterns = [path("", TemplateView.as_view(template_name="page.html"))]
"""
# A page that the cache has kept has the policy of its first visitor.
SETTINGS = """
import json, os
ALLOWED_HOSTS = ["www.example.com"]
MIDDLEWARE = [
    "django.middleware.cache.UpdateCacheMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
]
CONTENT_SECURITY_POLICY = json.loads(os.environ.get("POLICY", "null"))
"""
ASK = """
import sys; sys.path[:0] = ["deploy", "project"]
import django, json; django.setup()
from django.test import Client
client = Client(headers={"host": "www.example.com"})
answers = [client.get("/", secure=True) for _ in range(2)]
print(json.dumps([[a.status_code, a.content.decode(), a.headers["Content-Security-Policy"]] for a in answers]))
"""
STRICT = {"DIRECTIVES": {"default-src": ["'none'"], "script-src": ["'self'", "{NONCE}"]}}


@pytest.mark.parametrize("policy", [None, STRICT], ids=["ours", "strict"])
def test_style_and_script_apply(policy, checkout, browser):
    checkout.write("templates/page.html", PAGE)
    checkout.write("urls.py", URLS)
    checkout.write("assets/css/critical.css", "body { background: rgb(1, 2, 3) }\n")
    checkout.write("assets/js/early.js", 'document.documentElement.dataset.first = "on"\n')
    checkout.settings(SETTINGS)
    done = checkout.manage("collectstatic", "--build-only")
    assert (done.returncode, done.stderr) == (0, "")
    asked = checkout.python("-c", ASK, POLICY=json.dumps(policy))
    assert asked.returncode == 0, asked.stderr
    for status, html, header in json.loads(asked.stdout):
        assert status == 200
        background, data = shown(browser, html, header)
        assert background == "rgb(1, 2, 3)"
        assert data["first"] == "on"
        assert data["second"].startswith("https://static.example.com/js/a.")
        # The policy still judges what is no bundle.
        assert ("foreign" in data) == (policy is None)


def shown(browser, html: str, policy: str) -> tuple[str, dict[str, str]]:
    with browser.new_page() as page:
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
        page.route("**", lambda route: route.fulfill(body=html, headers=headers))
        page.goto("https://www.example.com/")
        return page.evaluate("[getComputedStyle(document.body).backgroundColor, {...document.documentElement.dataset}]")
