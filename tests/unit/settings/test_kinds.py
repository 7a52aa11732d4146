"""Settings that have to be lists or a dictionary."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test.utils import override_settings

from slipway.tool.assets import verify
from slipway.web.errors import SlipwayError
from slipway.web.settings import kinds


@pytest.mark.parametrize("name", kinds.LISTS)
@pytest.mark.parametrize("value", ["dist/*", None, [1]])
def test_a_list_that_is_none_is_one_line_with_its_name(production, name, value):
    """The `*` of a pattern would match every file."""
    with pytest.raises(ImproperlyConfigured, match=rf"^{name}: is .* and must be a list of \w+, \['.+'\]$") as caught:
        production(**{name: value})
    assert value != "dist/*" or str(caught.value).endswith(", ['dist/*']")


@pytest.mark.parametrize("value", ["js/chart.js", ["chart"], {"chart": None}])
def test_imports_are_a_dictionary(production, value):
    with pytest.raises(ImproperlyConfigured, match=r"^SLIPWAY_IMPORTS: is .* and must be a dictionary, "):
        production(SLIPWAY_IMPORTS=value)


def test_a_value_that_is_set_below_the_line_is_rejected_by_the_build():
    with (
        override_settings(SLIPWAY_HASHED="dist/*"),
        pytest.raises(SlipwayError, match=r"^SLIPWAY_HASHED: is 'dist/\*'"),
    ):
        verify.check_settings()


def test_lists_tuples_and_sets_are_read(production):
    settings = production(SLIPWAY_HASHED=("dist/*",), SLIPWAY_UNHASHED={"img/*"}, SLIPWAY_IMPORTS={"chart": "js/c.js"})
    assert settings.SLIPWAY_HASHED == ["dist/*"]
    assert "img/*" in settings.SLIPWAY_UNHASHED
