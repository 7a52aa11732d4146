"""Where a leak is written."""

import pytest

from tests.smoke.source import Source


@pytest.fixture
def project(tmp_path):
    for name, text in {
        "site/templates/home.html": "<!doctype html>\n\n<script src='/static/js/old.js'></script>",
        "site/templates/all.html": "{% static 'css/base.css' %}",
        "site/views.py": "OLD = '/static/js/old.js'",
        "node_modules/a.js": "'/static/js/other.js'",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Source(tmp_path)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://www.a/static/js/old.js", "site/templates/home.html:3 (and 1 more)"),
        ("https://www.a/static/css/base.0123456789ab.css", "site/templates/all.html:1"),
        ("https://www.a/static/js/other.js", ""),
        ("https://www.a/static/nowhere.png", ""),
        ("https://www.a/", ""),
    ],
)
def test_a_url_is_found_where_it_is_written(project, url, where):
    assert project.where(url) == where
