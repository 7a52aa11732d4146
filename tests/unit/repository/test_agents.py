"""What AGENTS.md names exists."""

import re

import pytest

from slipway import ROOT

TEXT = (ROOT / "AGENTS.md").read_text()
CODE = re.findall(r"`([^`\n]+)`", TEXT)
# `make test`, `make demo ONCE=1`
TARGETS = sorted({each.split()[1] for each in CODE if each.startswith("make ")})
PATHS = sorted({each for each in CODE if "/" in each and " " not in each and "*" not in each and "…" not in each})
GLOBS = sorted({each for each in CODE if "/" in each and "*" in each})


def test_there_is_something_to_check():
    assert {"test", "demo", "deploy"} < set(TARGETS)
    assert {"project/", "deploy/agent/", "docs/site-yml.md"} < set(PATHS)


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_it_names_is_in_the_makefile(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_it_names_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("pattern", GLOBS)
def test_a_pattern_that_it_names_fits_a_file(pattern):
    assert list(ROOT.glob(pattern))


def test_each_command_that_changes_a_live_site_is_among_those_to_ask_about():
    """Whatever the Makefile has that reaches a server or AWS must be in the list of "Do not"."""
    reaching = {"deploy", "cdn", "destroy", "rollback", "prune", "purge", "shell"}
    (listed,) = re.findall(r"^- Run (.*?)unless", TEXT, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"make (\w+)", listed)) == reaching
