"""Figures in a page are those of the file that they come from."""

import re

import pytest
import yaml

from slipway import ROOT
from slipway.tool.cdn import cost
from tests.unit.docs.pages import Page

BUDGET = yaml.safe_load((ROOT / "deploy/budget.yml").read_text())["services"]


@pytest.mark.parametrize("service", BUDGET)
def test_a_service_has_the_share_that_operate_says(service):
    text = Page(ROOT / "docs/operate.md").text
    assert re.findall(rf"^\| {service} \| (\d+) MB \|", text, re.MULTILINE) == [str(BUDGET[service]["mb"])]


@pytest.mark.parametrize("service", BUDGET)
def test_a_deploy_prints_the_share_that_the_walkthrough_shows(service):
    shown = "\n".join(Page(ROOT / "docs/walkthrough.md").fenced)
    assert re.findall(rf"^    {service} +(\d+) MB$", shown, re.MULTILINE) == [str(BUDGET[service]["mb"])]


def test_a_small_site_costs_what_readme_says():
    (written,) = re.findall(
        r"1 GB stored and 20 GB served a month, costs (\$[\d.]+) a month", (ROOT / "README.md").read_text()
    )
    small = cost.monthly(stored_gb=1, served_gb=20, requests=500_000, puts=5_000)
    assert written == f"${small:.2f}"
