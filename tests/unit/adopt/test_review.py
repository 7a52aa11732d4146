"""What a person must decide, each with file and line; and the front page that is missing."""

import pytest

from slipway.tool.adopt import review, site_yml


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("requirements.in", "Django\ncelery[redis]==5\n", 2, "workers"),
        ("requirements.in", "Django\nchannels~=4.0\n", 2, "WebSockets are not served"),
        ("requirements.in", "django_redis\n", 1, "no Redis server"),
        ("templates/a.html", '<p>\n<img src="/static/a.png">', 2, "/static/a.png is the origin's own path"),
        ("shop/static/a.css", "a { background: url(/media/x.jpg) }", 1, "/media/x.jpg"),
        ("shop/views.py", "\n\nURL = '/static/js/a.js'\n", 3, "/static/js/a.js"),
        ("front/package.json", '{\n"scripts": {\n  "build": "vite build"\n}}', 3, "build: cd front && npm ci"),
    ],
)
def test_each_is_named_with_its_line(name, text, line, says, tmp_path, write):
    (found,) = review.items(write(tmp_path, {name: text}))
    assert found.startswith(f"project/{name}:{line}: ") and says in found


def test_what_is_in_order_is_not_named(tmp_path, write):
    write(
        tmp_path,
        {
            "requirements.in": "Django\n# celery\n",
            "templates/a.html": "<img src=\"{% static 'a.png' %}\">",
            "shop/settings.py": 'STATIC_URL = "/static/"\nMEDIA_URL = "/media/"\n',
            "shop/tests/test_a.py": "'/static/a.png'",
            "node_modules/a/package.json": '{"build": "x"}',
        },
    )
    assert [*review.items(tmp_path)] == []


def test_a_front_page_is_named_in_the_keys_own_line(tmp_path):
    file = tmp_path / "site.yml"
    file.write_text("domain: example.com\n# Pages.\n#paths: [/shop/]\nkeep: 5\n")
    site_yml.name_front_page(file, "/admin/login/")
    assert file.read_text() == "domain: example.com\n# Pages.\npaths: [/admin/login/]\nkeep: 5\n"
