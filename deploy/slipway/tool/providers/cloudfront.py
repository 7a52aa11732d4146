"""Amazon CloudFront before S3: what slipway.tool.cdn provisions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from slipway.tool.aws.identity import Identity
from slipway.tool.cdn import cloudfront
from slipway.tool.config import Site
from slipway.tool.providers.contract import Step, Target

TITLE = "Amazon CloudFront and S3"
EXPERIMENTAL = False
CANNOT: tuple[str, ...] = ()


def describe(site: Site) -> list[Step]:
    """Nothing: `make cdn` sets it all."""
    return []


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """By CreateInvalidation, with the AWS credentials in ``keys``, or boto3's default chain."""
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
    paths = defaultdict(list)
    for target in targets:
        paths[target.base].append(target.path)
    begun = cloudfront.invalidate(site, paths, Identity(keys))
    return [f"invalidation {identifier} has begun" for identifier in begun]
