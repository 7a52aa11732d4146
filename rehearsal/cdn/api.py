"""Reads the configuration through the CloudFront and S3 APIs, as any AWS client could."""

import json
from collections.abc import Callable, Iterable
from itertools import chain

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.cdn.configuration import Configuration, Distribution, Invalidation
from rehearsal.cdn.origin import S3Endpoint, bucket_of


class Api:
    """Endpoints, region and credentials come from the environment, by boto3's own variables."""

    def __init__(self) -> None:
        session = boto3.Session()
        common = {
            "retries": {"max_attempts": 1},
            "connect_timeout": 5,
            "read_timeout": 10,
            # Servers that are not AWS do not know the checksums boto3 adds since 1.36.
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
        self._cloudfront = session.client("cloudfront", config=Config(**common))
        self._s3 = session.client("s3", config=Config(s3={"addressing_style": "path"}, **common))
        self._invalidations: dict[str, Invalidation] = {}
        self.s3 = S3Endpoint(
            url=self._s3.meta.endpoint_url.rstrip("/"),
            region=self._s3.meta.region_name,
            credentials=session.get_credentials(),
        )

    def read(self) -> Configuration:
        """Reads everything. Raises botocore's errors; missing resources are left out."""
        distributions = tuple(self._distributions())
        configs = [each.config for each in distributions]
        behaviours = list(chain.from_iterable(_behaviours(each) for each in configs))
        origins = list(chain.from_iterable(each["Origins"]["Items"] for each in configs))
        buckets = {bucket for bucket in map(bucket_of, origins) if bucket}
        cloudfront = self._cloudfront
        return Configuration(
            distributions=distributions,
            cache_policies=_existing(
                _named(behaviours, "CachePolicyId"),
                lambda id: cloudfront.get_cache_policy(Id=id)["CachePolicy"]["CachePolicyConfig"],
            ),
            origin_request_policies=_existing(
                _named(behaviours, "OriginRequestPolicyId"),
                lambda id: cloudfront.get_origin_request_policy(Id=id)["OriginRequestPolicy"][
                    "OriginRequestPolicyConfig"
                ],
            ),
            response_headers_policies=_existing(
                _named(behaviours, "ResponseHeadersPolicyId"),
                lambda id: cloudfront.get_response_headers_policy(Id=id)["ResponseHeadersPolicy"][
                    "ResponseHeadersPolicyConfig"
                ],
            ),
            origin_access_controls=_existing(
                _named(origins, "OriginAccessControlId"),
                lambda id: cloudfront.get_origin_access_control(Id=id)["OriginAccessControl"][
                    "OriginAccessControlConfig"
                ],
            ),
            bucket_policies=_existing(
                buckets, lambda name: json.loads(self._s3.get_bucket_policy(Bucket=name)["Policy"])
            ),
            invalidations=tuple(chain.from_iterable(self._invalidations_of(each.id) for each in distributions)),
        )

    def _distributions(self) -> Iterable[Distribution]:
        pages = self._cloudfront.get_paginator("list_distributions").paginate()
        for page in pages:
            for summary in page["DistributionList"].get("Items", []):
                # The summary does not have the default root object, so each is read in full.
                found = self._cloudfront.get_distribution(Id=summary["Id"])["Distribution"]
                yield Distribution(found["Id"], found["ARN"], found["DomainName"], found["DistributionConfig"])

    def _invalidations_of(self, distribution_id: str) -> Iterable[Invalidation]:
        pages = self._cloudfront.get_paginator("list_invalidations").paginate(DistributionId=distribution_id)
        for page in pages:
            for summary in page["InvalidationList"].get("Items", []):
                yield self._invalidation(distribution_id, summary["Id"])

    def _invalidation(self, distribution_id: str, invalidation_id: str) -> Invalidation:
        # An invalidation never changes, so it is read once.
        if invalidation_id not in self._invalidations:
            answer = self._cloudfront.get_invalidation(DistributionId=distribution_id, Id=invalidation_id)
            paths = answer["Invalidation"]["InvalidationBatch"]["Paths"]["Items"]
            self._invalidations[invalidation_id] = Invalidation(distribution_id, invalidation_id, tuple(paths))
        return self._invalidations[invalidation_id]


def _behaviours(config: dict) -> list[dict]:
    return [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]


def _named(structures: Iterable[dict], field: str) -> set[str]:
    return {each[field] for each in structures if each.get(field)}


def _existing(ids: Iterable[str], get: Callable[[str], dict]) -> dict[str, dict]:
    found = {}
    for each in ids:
        try:
            found[each] = get(each)
        except ClientError as error:
            if not error.response["Error"]["Code"].startswith(("NoSuch", "404")):
                raise
    return found
