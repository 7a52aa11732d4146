"""Settings of a configuration that this edge does not imitate."""

from rehearsal.cdn.configuration import Configuration, Distribution


def settings_not_imitated(configuration: Configuration, distribution: Distribution) -> list[str]:
    """Settings that would change an answer and that this edge cannot honour.

    A distribution that has one is not served: a rehearsal that ignored it would prove nothing.
    """
    config = distribution.config
    found = []
    if config.get("OriginGroups", {}).get("Items"):
        found.append("OriginGroups")
    if config.get("WebACLId"):
        found.append("WebACLId")
    if config.get("Staging"):
        found.append("Staging")
    if _get(config, "Restrictions", "GeoRestriction", "RestrictionType") not in (None, "none"):
        found.append("GeoRestriction")
    if _get(config, "ViewerMtlsConfig", "Mode"):
        found.append("ViewerMtlsConfig")
    if any("VpcOriginConfig" in origin for origin in config["Origins"]["Items"]):
        found.append("VpcOriginConfig")
    behaviours = config.get("CacheBehaviors", {}).get("Items", [])
    for behaviour in (config["DefaultCacheBehavior"], *behaviours):
        found += _in_behaviour(configuration, config, behaviour)
    return sorted(set(found))


def _in_behaviour(configuration: Configuration, config: dict, behaviour: dict) -> list[str]:
    found = [name for name in ("FunctionAssociations", "LambdaFunctionAssociations") if _get(behaviour, name, "Items")]
    found += [name for name in ("TrustedSigners", "TrustedKeyGroups", "GrpcConfig") if _get(behaviour, name, "Enabled")]
    if behaviour.get("FieldLevelEncryptionId"):
        found.append("FieldLevelEncryptionId")
    policy = configuration.response_headers_policies.get(behaviour.get("ResponseHeadersPolicyId", ""))
    if _get(policy, "ServerTimingHeadersConfig", "Enabled"):
        found.append("ServerTimingHeadersConfig")
    for name, known in (
        ("CachePolicyId", configuration.cache_policies),
        ("OriginRequestPolicyId", configuration.origin_request_policies),
        ("ResponseHeadersPolicyId", configuration.response_headers_policies),
    ):
        if behaviour.get(name) and behaviour[name] not in known:
            found.append(f"{name} {behaviour[name]}, which does not exist")
    if behaviour["TargetOriginId"] not in {each["Id"] for each in config["Origins"]["Items"]}:
        found.append(f"TargetOriginId {behaviour['TargetOriginId']}, which is not an origin")
    return found


def _get(config: dict, *names: str):
    for name in names:
        config = (config or {}).get(name)
    return config
