"""docs/site-yml.md and the keys that the code reads agree. project/tests checks the shipped site.yml."""

import re

import pytest
import yaml

from slipway import ROOT
from slipway.tool import config

REFERENCE = (ROOT / "docs/site-yml.md").read_text()
# What every site has to say. Defaults are judged beside it.
MINIMAL = {"domain": "example.com", "region": "eu-central-1"}
# What a key needs beside it: only any S3 server has these.
ANY_S3 = {"provider": "s3", "endpoint": "https://s3.example.net"}
NEEDS = {"addressing": ANY_S3, "cdn": ANY_S3}


def keys() -> list[str]:
    """The keys that a site.yml may hold, in the code's own words. The one place here that asks the code."""
    return list(config.KEYS)


def entries() -> dict[str, str]:
    """key → its text in the reference, in the reference's order."""
    parts = re.split(r"^### `(\w+)`$", REFERENCE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def line(key: str, word: str) -> dict:
    """What the entry's ``- Default:`` or ``- Example:`` line says, as YAML; {} for "none"."""
    (found,) = re.findall(rf"^- {word}: (.*)", entries()[key], re.MULTILINE)
    if word == "Default" and found.startswith("none."):
        return {}
    (code,) = re.findall(r"^`([^`]+)`", found)
    return yaml.safe_load(code)


def load(tmp_path, values: dict) -> config.Site:
    file = tmp_path / "site.yml"
    file.write_text(yaml.safe_dump(values))
    return config.load(file)


def test_each_key_has_an_entry_and_each_entry_is_a_key():
    assert sorted(entries()) == sorted(keys())


@pytest.mark.parametrize("key", entries())
def test_the_default_changes_nothing(key, tmp_path):
    minimal = MINIMAL | NEEDS.get(key, {})
    assert load(tmp_path, minimal | line(key, "Default")) == load(tmp_path, minimal)


@pytest.mark.parametrize("key", entries())
def test_the_example_is_accepted_and_is_not_the_default(key, tmp_path):
    (tmp_path / "ssh_config").touch()
    example = line(key, "Example")
    assert list(example) == [key]
    minimal = MINIMAL | NEEDS.get(key, {})
    plain = load(tmp_path, minimal)
    assert load(tmp_path, minimal | example) != plain or example == {"region": MINIMAL["region"]}
