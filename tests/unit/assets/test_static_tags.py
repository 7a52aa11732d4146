"""The names in `{% static %}`, looked up by the build."""

import pytest
from django.template import engines

from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.verify import check_static_tags
from slipway.web.errors import SlipwayError
from tests.unit.assets.sources import sources


def check(body, own=True):
    file = TemplateFile("page.html", "/there/page.html", own, body.encode(), engines["django"].engine)
    return check_static_tags([file], sources({"img/a.png": ""}))


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        ("{% static '' %}", "has an empty name; name the file, or write {% get_static_prefix %} for STATIC_URL"),
        ("{% static '?v=1' %}", "has an empty name; name the file, or write {% get_static_prefix %} for STATIC_URL"),
        ("{% static 'img/A.png' %}", "names img/A.png, which does not exist; did you mean img/a.png?"),
    ],
)
def test_a_name_that_no_file_has_is_an_error_or_a_package_s_warning(tag, problem):
    line = f"/there/page.html:2: {{% static %}} {problem}"
    with pytest.raises(SlipwayError) as caught:
        check(f"\n{tag}")
    assert str(caught.value) == line
    assert check(f"\n{tag}", own=False) == [line]


def test_a_name_that_a_file_has_is_fine():
    assert check("{% static 'img/a.png' %}{% static name %}") == []
