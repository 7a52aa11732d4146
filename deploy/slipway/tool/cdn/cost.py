"""What the CDN costs a month, by AWS's published prices.

Dollars, before taxes, for an order of magnitude: AWS changes them, and https://aws.amazon.com/s3/pricing/ (here
eu-central-1) and https://aws.amazon.com/cloudfront/pricing/ (pay as you go, Europe) have those of today.
"""

STORED_GB = 0.0245
PUT_1000 = 0.0054
# Free each month, for good: an account's first terabyte and ten million requests.
FREE_GB, FREE_REQUESTS = 1000, 10_000_000
SERVED_GB = 0.085
REQUESTS_10000 = 0.012


def monthly(stored_gb: float, served_gb: float, requests: int, puts: int) -> float:
    """Dollars for storage, traffic to visitors, their requests, and PUT requests of deploys and uploads."""
    served = max(0.0, served_gb - FREE_GB) * SERVED_GB + max(0, requests - FREE_REQUESTS) / 10_000 * REQUESTS_10000
    return stored_gb * STORED_GB + puts / 1000 * PUT_1000 + served


def lines() -> list[str]:
    small = monthly(stored_gb=1, served_gb=20, requests=500_000, puts=5_000)
    large = monthly(stored_gb=50, served_gb=2_000, requests=30_000_000, puts=50_000)
    return [
        "Without traffic, nothing of it costs anything: distributions, certificates, policies and keys are free.",
        f"A small site, 1 GB stored and 20 GB served a month: ${small:.2f}; a large one, 50 GB and 2 TB: ${large:.2f}.",
        "The first terabyte and ten million requests a month are free; after them a GB is "
        f"${SERVED_GB} and ten thousand requests ${REQUESTS_10000}; a stored GB is ${STORED_GB}.",
        "Today's prices: https://aws.amazon.com/cloudfront/pricing/ and https://aws.amazon.com/s3/pricing/",
    ]
