"""What the Content-Security-Policy requires of the markup."""

import re
from pathlib import Path

import html5lib
import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR, "templates")


@pytest.fixture
def pages(client, owner, hang):
    """(path, response) of every page, seen by an owner and by a visitor."""
    photo = hang('A "quoted" </script> title', alt="<b>bold</b> & 'quoted'")
    addresses = ["/", "/wall/", photo.get_absolute_url(), "/login/", "/nowhere/", "/logout/"]
    answers = [(address, client.get(address)) for address in addresses]
    client.force_login(owner)
    addresses = [photo.get_absolute_url(), "/wall/add/", "/wall/"]
    return answers + [(address, client.get(address)) for address in addresses]


def elements(answer):
    tree = html5lib.parse(answer.content.decode(), treebuilder="etree", namespaceHTMLElements=False)
    return list(tree.iter())


def is_data(script):
    return script.get("type") == "application/ld+json"


def test_no_page_has_an_inline_style_or_handler(pages):
    for path, answer in pages:
        for element in elements(answer):
            assert element.tag != "style", path
            for name in element.keys():  # noqa: SIM118
                assert name != "style" and not name.startswith("on"), (path, name)


def test_every_inline_script_has_the_response_s_nonce(pages):
    for path, answer in pages:
        nonce = answer["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
        inline = [e for e in elements(answer) if e.tag == "script" and not e.get("src") and not is_data(e)]
        assert inline, path
        assert {script.get("nonce") for script in inline} == {nonce}, path


def test_the_policy_allows_nothing_inline(pages):
    for _, answer in pages:
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_structured_data_survives_what_people_write(pages):
    import json

    (path, answer) = pages[2]
    blocks = [e.text for e in elements(answer) if e.tag == "script" and is_data(e)]
    assert [json.loads(block)["name"] for block in blocks] == ['A "quoted" </script> title'], path


def test_every_page_names_its_icons_and_one_heading(pages):
    for path, answer in pages:
        found = elements(answer)
        links = {link.get("rel") for link in found if link.tag == "link"}
        assert {"icon", "apple-touch-icon", "manifest"} <= links, path
        assert sum(element.tag == "h1" for element in found) == 1, path


def test_what_is_fetched_with_cors_has_the_attribute(pages):
    for path, answer in pages:
        for element in elements(answer):
            font = element.get("as") == "font"
            module = element.get("type") == "module"
            if font or module or element.get("rel") == "manifest":
                assert element.get("crossorigin") in ("", "anonymous"), (path, element.attrib)


def test_no_template_writes_a_static_address_by_hand():
    templates = [*TEMPLATES.rglob("*.html")]
    assert templates
    for template in templates:
        assert not re.search(r"""["'(]/?(static|media)/""", template.read_text()), template


def test_every_admin_page_names_our_icons(client, owner):
    owner.is_staff = owner.is_superuser = True
    owner.save()
    pages = [client.get("/admin/login/")]
    client.force_login(owner)
    paths = ("/admin/", "/admin/auth/user/", "/admin/auth/user/add/", "/admin/password_change/")
    for answer in [*pages, *(client.get(path) for path in paths)]:
        assert answer.status_code == 200
        assert {"icon", "apple-touch-icon"} <= {e.get("rel") for e in elements(answer) if e.tag == "link"}


def test_the_admin_s_popup_names_our_icons_too(client, owner):
    owner.is_staff = owner.is_superuser = True
    owner.save()
    client.force_login(owner)
    fields = {"username": "bea", "password1": "another long password", "password2": "another long password"}
    answer = client.post("/admin/auth/user/add/?_popup=1", fields | {"_popup": "1", "usable_password": "true"})
    found = elements(answer)
    assert {"icon", "apple-touch-icon"} <= {e.get("rel") for e in found if e.tag == "link"}
    assert any(e.get("data-popup-response") for e in found)
