"""site.yml as shipped, before it is filled in. Delete this file with the wall."""

import re
from pathlib import Path

import pytest
import yaml

from slipway.tool import config
from slipway.tool.commands._fill import fill

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (ROOT / "site.yml").read_text()
REFERENCE = (ROOT / "docs" / "site-yml.md").read_text()
# key → its entry in the reference, in the reference's order.
PARTS = re.split(r"^### `(\w+)`$", REFERENCE, flags=re.MULTILINE)
ENTRIES = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))


def test_it_is_valid_and_names_the_wall():
    assert config.load(ROOT / "site.yml").settings == "photowall.settings"


def test_it_shows_every_key_in_the_references_order():
    shown = [key for key in re.findall(r"^#?(\w+):(?= |$)", SHIPPED, re.MULTILINE) if key in config.KEYS]
    assert shown == list(ENTRIES)


@pytest.mark.parametrize("key", ENTRIES)
def test_a_commented_line_shows_the_default(key):
    (default,) = re.findall(r"^- Default: (.*)", ENTRIES[key], re.MULTILINE)
    for line in re.findall(rf"^#({key}: .*)", SHIPPED, re.MULTILINE):
        assert default.startswith("none.") or yaml.safe_load(line) == yaml.safe_load(default.split("`")[1])


def test_the_pages_that_it_names_exist():
    named = re.findall(r"\b(docs/[\w./-]+\.md)", SHIPPED)
    assert all((ROOT / name).exists() for name in named), named


def test_make_init_can_fill_it_in():
    text = fill(SHIPPED, {"domain": "mysite.org", "server": "192.0.2.7", "email": ""})
    assert len(text.splitlines()) == len(SHIPPED.splitlines())
    assert re.findall(r"(?m)^(\w+):", text) == ["domain", "server", "schedule", "seed", "region"]
    assert all(re.search(rf"(?m)^#?{key}:(?= |$)", text) for key in config.KEYS)
