"""Who answered, by the headers of the response: the origin, a CDN, or its cache."""

import re

from multidict import CIMultiDict

from static_smoke.http.client import Answer

# The header that the origin adds to all its responses.
MARKER = "X-Origin"
_HIT = re.compile(r"\b(Refresh)?Hit(Stale)?\b|\bTCP\w*_HIT\b", re.IGNORECASE)
# Headers of a cache's result. CloudFront, Fastly and (with the Pragma below) Akamai: X-Cache.
# https://www.fastly.com/documentation/reference/http/http-headers/X-Cache/
# https://techdocs.akamai.com/edge-diagnostics/docs/pragma-headers
# https://techdocs.akamai.com/property-mgr/docs/return-cache-status
# https://developers.cloudflare.com/cache/concepts/cache-responses/
# https://www.rfc-editor.org/rfc/rfc9211
CACHE_HEADERS = ("X-Cache", "CF-Cache-Status", "Akamai-Cache-Status", "Cache-Status", "CDN-Cache", "X-Cache-Status")


def is_hit(answer: Answer) -> bool:
    """Whether a CDN's cache answered: CloudFront, Cloudflare, Fastly, Akamai, or RFC 9211."""
    return _names_hit(answer.headers)


def _names_hit(headers: CIMultiDict) -> bool:
    if headers.get("CF-Cache-Status", "").upper() in {"HIT", "STALE", "UPDATING", "REVALIDATED"}:
        return True
    return any(_HIT.search(value) for name in CACHE_HEADERS for value in headers.getall(name, []))


def is_cdn(answer: Answer) -> bool:
    """Whether a CDN answered, from its cache or not, by its headers."""
    return _names_cdn(answer.headers)


def _names_cdn(headers: CIMultiDict) -> bool:
    return any(name in headers for name in (*CACHE_HEADERS, "X-Amz-Cf-Id", "CF-Ray"))


def answered_by(headers: CIMultiDict) -> str:
    """Who answered, by the headers: "origin", "CDN cache", "CDN", or "" where unknown."""
    if MARKER in headers:
        return "origin"
    if _names_cdn(headers):
        return "CDN cache" if _names_hit(headers) else "CDN"
    return ""
