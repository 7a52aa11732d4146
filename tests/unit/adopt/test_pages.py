"""Icons and error pages for a project that has none, and nothing where it has them."""

from slipway.tool.adopt import pages


def test_what_is_missing_is_written(tmp_path, write):
    write(tmp_path, {"shop/templates/404.html": "<head>\n</head>", "shop/templates/part.html": "<p>no head</p>"})
    done, installed = pages.add(tmp_path)
    app = tmp_path / pages.APP
    made = {path.name for path in (app / "templates").glob("*.html")}
    assert made == {"400.html", "403.html", "403_csrf.html", "500.html", "503.html"}
    assert (app / "static" / "favicon.svg").exists() and (app / "templates/admin/base_site.html").exists()
    assert pages.APP in installed and len(done) == 4
    linked = (tmp_path / "shop/templates/404.html").read_text()
    assert linked == '<head>\n  {% load static %}<link rel="icon" href="{% static \'favicon.svg\' %}">\n</head>'
    assert (tmp_path / "shop/templates/part.html").read_text() == "<p>no head</p>"


def test_what_the_project_has_stays(tmp_path, write):
    head = '<head><link rel="shortcut icon" href="x">\n</head>'
    own = {f"templates/{name}.html": head for name in pages.ERRORS}
    write(tmp_path, own | {"shop/static/img/favicon.ico": "", "templates/admin/base_site.html": head})
    assert pages.add(tmp_path) == ([], "")
    assert not (tmp_path / pages.APP).exists()


def test_an_icon_that_is_there_is_the_one_of_the_pages(tmp_path, write):
    write(tmp_path, {"shop/static/img/favicon.ico": "", "templates/a.html": "<head>\n</head>"})
    pages.add(tmp_path)
    for name in ("templates/a.html", f"{pages.APP}/templates/404.html", f"{pages.APP}/templates/admin/base_site.html"):
        assert "{% static 'img/favicon.ico' %}" in (tmp_path / name).read_text()
    assert not (tmp_path / pages.APP / "static").exists()
