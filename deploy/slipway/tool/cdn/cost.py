"""What the CDN and the database's backups cost a month, by AWS's published prices.

Dollars, before taxes, for an order of magnitude: AWS changes them, and https://aws.amazon.com/s3/pricing/ (here
eu-central-1) and https://aws.amazon.com/cloudfront/pricing/ (pay as you go, Europe) have those of today.
"""

from dataclasses import dataclass

from slipway.tool.cdn.bucket import BACKUPS_STAY

STORED_GB = 0.0245
# A LIST costs as much as a PUT.
PUT_1000 = 0.0054
GET_1000 = 0.00043
# So often PostgreSQL hands over a segment of WAL, while anybody writes. For each pgBackRest 2.45 sends a GET, a LIST
# and a PUT, as counted.
SEGMENTS = 30 * 24 * 60 * 60 // 30
# A segment with few writes, compressed: 0.7 KB as measured, and 33 KB where it has pages in full after a checkpoint.
SEGMENT_KB = 33
# What expires stays as an old version.
OLD_WEEKS = BACKUPS_STAY / 7
# Free each month, for good: an account's first terabyte and ten million requests.
FREE_GB, FREE_REQUESTS = 1000, 10_000_000
SERVED_GB = 0.085
REQUESTS_10000 = 0.012


@dataclass(frozen=True)
class Plan:
    """A flat-rate plan of CloudFront, a distribution and month: nothing is charged beyond it, and it may get slower."""

    dollars: int
    requests: int
    gb: int


# The two smallest of November 2025.
PLANS = (Plan(0, 1_000_000, 100), Plan(15, 10_000_000, 50_000))


BACKUPS = (
    "Backups of a database of 100 MB that somebody writes to day and night: ${:.2f} a month; of 10 GB: ${:.2f}. "
    "Most of the first are requests, for WAL twice a minute."
)


def monthly(stored_gb: float, served_gb: float, requests: int, puts: int) -> float:
    """Dollars for storage, traffic to visitors, their requests, and PUT requests of deploys and uploads."""
    served = max(0.0, served_gb - FREE_GB) * SERVED_GB + max(0, requests - FREE_REQUESTS) / 10_000 * REQUESTS_10000
    return stored_gb * STORED_GB + puts / 1000 * PUT_1000 + served


def backups(full_gb: float, keep: int, segments: int = SEGMENTS) -> float:
    """Dollars for the backups of a database whose full backup takes ``full_gb`` in the bucket, ``keep`` of them kept.

    ``segments`` of WAL a month; a differential backup counts as a third of a full one.
    """
    requests = segments / 1000 * (2 * PUT_1000 + GET_1000)
    weeks = keep + 1 + OLD_WEEKS
    wal = segments * 7 / 30 * weeks * SEGMENT_KB / 1e6
    stored = weeks * full_gb * (1 + 6 / 3) + wal
    return requests + stored * STORED_GB


def lines(keep_backups: int = 0) -> list[str]:
    """``keep_backups``: full backups of the database that are kept, 0 for no backups."""
    small = monthly(stored_gb=1, served_gb=20, requests=500_000, puts=5_000)
    large = monthly(stored_gb=50, served_gb=2_000, requests=30_000_000, puts=50_000)
    return [
        "Without traffic, nothing of it costs anything: distributions, certificates, policies and keys are free.",
        f"A small site, 1 GB stored and 20 GB served a month: ${small:.2f}; a large one, 50 GB and 2 TB: ${large:.2f}.",
        "The first terabyte and ten million requests a month are free; after them a GB is "
        f"${SERVED_GB} and ten thousand requests ${REQUESTS_10000}; a stored GB is ${STORED_GB}.",
        "Paid as you go, the bill has no upper bound. A flat-rate plan has: "
        + " or ".join(f"${one.dollars} a month for {one.requests // 1_000_000} million requests" for one in PLANS)
        + ", each for one distribution. You choose it in CloudFront's console; `make cdn` leaves it.",
        *([BACKUPS.format(backups(0.03, keep_backups), backups(3, keep_backups))] if keep_backups else []),
        "Today's prices: https://aws.amazon.com/cloudfront/pricing/ and https://aws.amazon.com/s3/pricing/",
    ]
