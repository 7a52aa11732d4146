"""The cache behavior of a path, with its policies and origin."""

import re
from dataclasses import dataclass

from rehearsal.cdn.configuration import Configuration, Distribution
from rehearsal.cdn.policies import CachePolicy, Parameters, origin_parameters


@dataclass(frozen=True)
class Route:
    """The configuration of one path of one distribution.

    ``behaviour`` and ``origin`` are the structures of the DistributionConfig; ``forwarded`` is
    what the origin gets in addition to the cache key.
    """

    configuration: Configuration
    distribution: Distribution
    behaviour: dict
    origin: dict
    policy: CachePolicy
    forwarded: Parameters
    response_headers: dict

    @property
    def allowed_methods(self) -> set[str]:
        return set(self.behaviour.get("AllowedMethods", {}).get("Items", ["GET", "HEAD"]))

    @property
    def cached_methods(self) -> set[str]:
        methods = self.behaviour.get("AllowedMethods", {}).get("CachedMethods", {})
        return {"GET", "HEAD", *methods.get("Items", [])}


def route(configuration: Configuration, distribution: Distribution, path: str) -> Route:
    config = distribution.config
    behaviour = behaviour_for(config, path)
    return Route(
        configuration=configuration,
        distribution=distribution,
        behaviour=behaviour,
        origin=_origin(config, behaviour),
        policy=_cache_policy(configuration, behaviour),
        forwarded=origin_parameters(
            configuration.origin_request_policies.get(behaviour.get("OriginRequestPolicyId", ""))
        ),
        response_headers=configuration.response_headers_policies.get(behaviour.get("ResponseHeadersPolicyId", ""), {}),
    )


def behaviour_for(config: dict, path: str) -> dict:
    """The first cache behavior whose pattern matches ``path``, else the default one."""
    for behaviour in config.get("CacheBehaviors", {}).get("Items", []):
        if _pattern(behaviour["PathPattern"]).fullmatch(path):
            return behaviour
    return config["DefaultCacheBehavior"]


def _cache_policy(configuration: Configuration, behaviour: dict) -> CachePolicy:
    policy_id = behaviour.get("CachePolicyId")
    if not policy_id:
        return CachePolicy.from_legacy(behaviour)
    return CachePolicy.from_config(configuration.cache_policies[policy_id])


def _origin(config: dict, behaviour: dict) -> dict:
    wanted = behaviour["TargetOriginId"]
    return next(each for each in config["Origins"]["Items"] if each["Id"] == wanted)


def _pattern(pattern: str) -> re.Pattern:
    # The leading slash may be left out; only * and ? are special.
    escaped = re.escape("/" + pattern.removeprefix("/"))
    return re.compile(escaped.replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
