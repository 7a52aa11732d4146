"""How long an answer of the origin stays in the cache, in seconds.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from rehearsal.cdn.policies import CachePolicy

ERROR_TTL = 10
# AWS's page says both that 400, 403, 405, 412 and 415 need a max-age to be cached and that they stay for the minimum
# without one; the latter is the stricter rule. 416 is never cached.
CACHED_ERRORS = {400, 403, 404, 405, 412, 414, 415, 500, 501, 502, 503, 504}
CACHED_REDIRECTS = {301, 302, 303, 307, 308}


def lifetime(
    status: int, headers: Mapping[str, str], policy: CachePolicy, error_ttls: Mapping[int, int]
) -> float | None:
    """None: not stored. 0: stored, and revalidated at each request.

    ``error_ttls`` are the distribution's ErrorCachingMinTTL by status.
    """
    if status >= 400:
        return _error_lifetime(status, headers, error_ttls)
    if status != 200 and status not in CACHED_REDIRECTS:
        return None
    directives = cache_control(headers)
    if directives.keys() & {"no-store", "private"}:
        return policy.min_ttl or None
    if "no-cache" in directives:
        return policy.min_ttl
    explicit = _explicit(directives, headers)
    if explicit is None:
        return max(policy.min_ttl, policy.default_ttl)
    return max(policy.min_ttl, min(explicit, policy.max_ttl))


def error_lifetimes(config: dict) -> dict[int, int]:
    """ErrorCachingMinTTL by status, of a DistributionConfig."""
    return {
        each["ErrorCode"]: each.get("ErrorCachingMinTTL", ERROR_TTL)
        for each in config.get("CustomErrorResponses", {}).get("Items", [])
    }


def cache_control(headers: Mapping[str, str]) -> dict[str, str]:
    directives = {}
    for part in headers.get("Cache-Control", "").split(","):
        name, _, value = part.strip().partition("=")
        if name:
            directives[name.lower()] = value.strip('"')
    return directives


def _error_lifetime(status: int, headers: Mapping[str, str], error_ttls: Mapping[int, int]) -> float | None:
    if status not in CACHED_ERRORS:
        return None
    explicit = _explicit(cache_control(headers), headers) or 0
    return max(error_ttls.get(status, ERROR_TTL), explicit) or None


def _explicit(directives: Mapping[str, str], headers: Mapping[str, str]) -> float | None:
    for name in ("s-maxage", "max-age"):
        if directives.get(name, "").isdigit():
            return int(directives[name])
    if "Expires" not in headers:
        return None
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    expires = _date(headers["Expires"])
    return max(0.0, (expires - now).total_seconds()) if expires else 0.0


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
