"""One variable puts a process into production, and nothing else does."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from slipway.web import switch


def test_only_the_switch_makes_it_production():
    assert switch.production({"SLIPWAY_ENV": "production"})
    for shell in ({}, {"SLIPWAY_ENV": "development"}, {"STATIC_URL": "https://static.example.com/", "SITE_URL": "x"}):
        assert not switch.production(shell)


@pytest.mark.parametrize("word", ["prod", "Production", "", "1"])
def test_any_other_value_is_an_error_and_not_development(word):
    with pytest.raises(ImproperlyConfigured, match=r"SLIPWAY_ENV: .* is neither production nor development"):
        switch.production({"SLIPWAY_ENV": word})
