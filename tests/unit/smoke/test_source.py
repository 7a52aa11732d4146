"""The line where a leak is written."""

import pytest

from static_smoke.report.source import Source


@pytest.fixture
def project(tmp_path):
    for name, text in {
        "site/templates/home.html": "<!doctype html>\n\n<script src='/static/js/old.js'></script>",
        "site/templates/all.html": "{% static 'css/base.css' %}",
        "site/views.py": "OLD = '/static/js/old.js'",
        "site/templates/icon.html": "\n<link rel=icon href=\"/favicon.ico\">{% static 'img/favicon.ico' %}",
        "README.md": "'/static/js/other.js'",
        "node_modules/a.js": "'/static/js/other.js'",
        "packages/shop/contrib/templates/shop/list.html": "{% static 'shop/list.css' %}",
        "packages/shop/static/shop/list.js": "'/static/js/other.js'",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Source(tmp_path / "site", tmp_path / "packages")


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://www.a/static/js/old.js", "templates/home.html:3 (and 1 more)"),
        ("https://www.a/static/css/base.0123456789ab.css", "templates/all.html:1"),
        ("https://www.a/static/js/other.js", ""),
        ("https://www.a/static/nowhere.png", ""),
        ("https://www.a/static/shop/list.0123456789ab.css", "shop/contrib/templates/shop/list.html:1"),
        ("https://www.a/favicon.ico", "templates/icon.html:2"),
        ("https://www.a/", ""),
    ],
)
def test_a_url_is_found_where_it_is_written(project, url, where):
    assert project.where(url) == where


def test_an_icon_that_nobody_writes_is_found_nowhere(tmp_path):
    """A browser asks for it by itself. Another icon of that name is not it."""
    (tmp_path / "base.html").write_text("<link rel=icon href=\"{% static 'img/favicon.ico' %}\">/img/favicon.ico")
    assert Source(tmp_path).where("https://www.a/favicon.ico") == ""
