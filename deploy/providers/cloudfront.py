"""Amazon CloudFront before S3: what deploy.cdn provisions."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from deploy.cdn import cloudfront
from deploy.config import Site
from deploy.providers.contract import Step, Target

TITLE = "Amazon CloudFront and S3"
CANNOT: tuple[str, ...] = ()


def describe(site: Site) -> list[Step]:
    """Nothing: `make cdn` sets it all."""
    return []


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """By CreateInvalidation, with the AWS credentials among the keys, or those that every AWS tool finds."""
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
    with _set({name: value for name, value in keys.items() if name.startswith("AWS_")}):
        begun = cloudfront.purge(site, [target.url for target in targets])
    return [f"invalidation {identifier} has begun" for identifier in begun]


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """boto3 finds these as it finds all; what it does afterwards is another identity's."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
