"""The month's costs that the plan shows."""

import pytest

from slipway.tool import config
from slipway.tool.cdn import cost


def test_within_what_is_free_only_storage_and_puts_cost():
    assert cost.monthly(stored_gb=10, served_gb=1000, requests=10_000_000, puts=1000) == pytest.approx(
        10 * cost.STORED_GB + cost.PUT_1000
    )


def test_beyond_it_only_the_rest_is_counted():
    more = cost.monthly(stored_gb=0, served_gb=1001, requests=10_010_000, puts=0)
    assert more == pytest.approx(cost.SERVED_GB + cost.REQUESTS_10000)


def test_backups_cost_what_their_page_says():
    page = (config.ROOT / "docs" / "backups.md").read_text()
    small, large = cost.backups(full_gb=0.03, keep=4), cost.backups(full_gb=3, keep=4)
    assert f"| together | | {small:.2f} |" in page and f"make it {large:.2f}." in page
    requests = cost.SEGMENTS / 1000
    assert f"| {requests * 2 * cost.PUT_1000:.2f} |" in page and f"| {requests * cost.GET_1000:.2f} |" in page
    assert cost.SEGMENTS == 86_400


def test_the_plan_names_the_backups_only_where_there_are_some():
    assert "Backups of a database" not in " ".join(cost.lines())
    assert f"${cost.backups(full_gb=0.03, keep=8):.2f} a month" in " ".join(cost.lines(keep_backups=8))


def test_the_flat_rate_plans_that_bound_the_bill_are_named():
    text = " ".join(cost.lines())
    assert "$0 a month for 1 million requests or $15 a month for 10 million requests" in text


def test_the_plan_says_where_todays_prices_are():
    text = " ".join(cost.lines())
    assert "https://aws.amazon.com/s3/pricing/" in text and "$" in text
