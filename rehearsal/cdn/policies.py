"""Cache policies and origin request policies: what enters the cache key and what the origin gets.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cache-key-understand-cache-policy.html
"""

from collections.abc import Iterable
from dataclasses import dataclass

DAY = 86_400
YEAR = 31_536_000


@dataclass(frozen=True)
class Selection:
    """Which names of a request count: ``none``, ``all``, ``whitelist`` or ``allExcept``."""

    behaviour: str = "none"
    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        match self.behaviour:
            case "all" | "allViewer" | "allViewerAndWhitelistCloudFront":
                return True
            case "whitelist":
                return name in self.names
            case "allExcept":
                return name not in self.names
        return False

    def pick(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, value) for name, value in pairs if name in self]


@dataclass(frozen=True)
class Parameters:
    """Header names are lower case."""

    headers: Selection = Selection()
    cookies: Selection = Selection()
    query: Selection = Selection()


@dataclass(frozen=True)
class CachePolicy:
    """Times are in seconds; ``encodings`` are the ones that enter the cache key."""

    min_ttl: int
    default_ttl: int
    max_ttl: int
    parameters: Parameters
    encodings: frozenset[str]

    @classmethod
    def from_config(cls, config: dict) -> "CachePolicy":
        """From a CachePolicyConfig."""
        given = config.get("ParametersInCacheKeyAndForwardedToOrigin", {})
        flags = {"gzip": "EnableAcceptEncodingGzip", "br": "EnableAcceptEncodingBrotli"}
        return cls(
            *_ttls(config),
            parameters=_parameters(given),
            encodings=frozenset(name for name, flag in flags.items() if given.get(flag)),
        )

    @classmethod
    def from_legacy(cls, behaviour: dict) -> "CachePolicy":
        """From a cache behavior with ForwardedValues, CloudFront's settings before policies."""
        values = behaviour.get("ForwardedValues", {})
        cookies = values.get("Cookies", {})
        headers = values.get("Headers", {}).get("Items", [])
        keys = values.get("QueryStringCacheKeys", {}).get("Items", [])
        query = Selection("whitelist", frozenset(keys)) if keys else Selection("all")
        whitelisted = cookies.get("WhitelistedNames", {}).get("Items", [])
        return cls(
            *_ttls(behaviour),
            parameters=Parameters(
                headers=Selection("all")
                if "*" in headers
                else Selection("whitelist", frozenset(name.lower() for name in headers)),
                cookies=Selection(cookies.get("Forward", "none"), frozenset(whitelisted)),
                query=query if values.get("QueryString") else Selection(),
            ),
            # Brotli needs a cache policy; legacy settings compress with gzip alone.
            encodings=frozenset({"gzip"} if behaviour.get("Compress") else ()),
        )


def origin_parameters(config: dict | None) -> Parameters:
    """What an OriginRequestPolicyConfig adds to the origin request; nothing without one."""
    return _parameters(config or {})


def _ttls(config: dict) -> tuple[int, int, int]:
    minimum = config.get("MinTTL", 0)
    default = config.get("DefaultTTL", max(DAY, minimum))
    return minimum, default, config.get("MaxTTL", max(YEAR, default))


def _parameters(given: dict) -> Parameters:
    def selection(kind: str, plural: str, lower: bool = False) -> Selection:
        config = given.get(f"{plural}Config", {})
        names = config.get(plural, {}).get("Items", [])
        return Selection(
            config.get(f"{kind}Behavior", "none"),
            frozenset(name.lower() if lower else name for name in names),
        )

    return Parameters(
        headers=selection("Header", "Headers", lower=True),
        cookies=selection("Cookie", "Cookies"),
        query=selection("QueryString", "QueryStrings"),
    )
