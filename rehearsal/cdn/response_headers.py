"""Response headers policies: CORS, security, custom and removed headers.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
"""

import re

from multidict import CIMultiDict

from rehearsal.cdn.request import ViewerRequest

ALL_METHODS = ["GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
CORS_HEADERS = [
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
]


def apply(policy: dict, request: ViewerRequest, headers: CIMultiDict) -> None:
    """Change the answer's ``headers`` as a ResponseHeadersPolicyConfig says.

    No ``Vary: Origin`` is added, since CloudFront adds none: a page that relies on it must fail here
    too.
    """
    for each in policy.get("RemoveHeadersConfig", {}).get("Items", []):
        headers.popall(each["Header"], None)
    # Removed headers that HTTP wants come back as CloudFront's own.
    headers.setdefault("Server", "CloudFront")
    if "CorsConfig" in policy and "Origin" in request.headers:
        _apply_cors(policy["CorsConfig"], request, headers)
    for name, value, override in _security(policy.get("SecurityHeadersConfig", {})):
        _set(headers, name, value, override)
    for each in policy.get("CustomHeadersConfig", {}).get("Items", []):
        _set(headers, each["Header"], each.get("Value", ""), each["Override"])


def _apply_cors(cors: dict, request: ViewerRequest, headers: CIMultiDict) -> None:
    override = cors["OriginOverride"]
    if override:
        for name in CORS_HEADERS:
            headers.popall(name, None)
    elif any(name in headers for name in CORS_HEADERS):
        return  # one header of the origin's is enough for none of the policy's
    origin = request.headers["Origin"]
    allowed = cors["AccessControlAllowOrigins"]["Items"]
    if not any(origin_matches(each, origin) for each in allowed):
        return
    granted = "*" if "*" in allowed else origin
    _set(headers, "Access-Control-Allow-Origin", granted, override)
    if cors.get("AccessControlAllowCredentials"):
        _set(headers, "Access-Control-Allow-Credentials", "true", override)
    exposed = cors.get("AccessControlExposeHeaders", {}).get("Items", [])
    if exposed:
        _set(headers, "Access-Control-Expose-Headers", ",".join(exposed), override)
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        _apply_preflight(cors, request, headers, override)


def _apply_preflight(cors: dict, request: ViewerRequest, headers: CIMultiDict, override: bool) -> None:
    methods = cors["AccessControlAllowMethods"]["Items"]
    listed = ALL_METHODS if "ALL" in methods else methods
    _set(headers, "Access-Control-Allow-Methods", ", ".join(listed), override)
    names = cors["AccessControlAllowHeaders"]["Items"]
    requested = request.headers.get("Access-Control-Request-Headers", "")
    allowed_headers = requested if "*" in names else ", ".join(names)
    if allowed_headers:
        _set(headers, "Access-Control-Allow-Headers", allowed_headers, override)
    if "AccessControlMaxAgeSec" in cors:
        _set(headers, "Access-Control-Max-Age", str(cors["AccessControlMaxAgeSec"]), override)


def origin_matches(pattern: str, origin: str) -> bool:
    """``*``, or an origin whose scheme may be left out, whose leftmost label may be ``*`` and
    whose port may be ``*``. Without a port only the scheme's own matches."""
    if pattern == "*":
        return True
    scheme, found, rest = pattern.rpartition("://")
    host, _, port = rest.partition(":")
    expression = (re.escape(scheme) if found else "https?") + "://"
    expression += re.escape(host).replace(r"\*", r"[^/:]+")
    if port:
        expression += r"(:\d+)?" if port == "*" else re.escape(f":{port}")
    elif host.startswith("*") and not found:
        expression += r"(:\d+)?"
    return bool(re.fullmatch(expression, origin, re.IGNORECASE))


def _security(config: dict) -> list[tuple[str, str, bool]]:
    """Name, value and override of each header the SecurityHeadersConfig sets."""
    simple = {
        "ContentSecurityPolicy": "Content-Security-Policy",
        "FrameOption": "X-Frame-Options",
        "ReferrerPolicy": "Referrer-Policy",
    }
    found = [
        (simple[field], each[field], each["Override"])
        for each in config.values()
        for field in simple.keys() & each.keys()
    ]
    if "ContentTypeOptions" in config:
        override = config["ContentTypeOptions"]["Override"]
        found.append(("X-Content-Type-Options", "nosniff", override))
    if hsts := config.get("StrictTransportSecurity"):
        value = f"max-age={hsts['AccessControlMaxAgeSec']}"
        value += "; includeSubDomains" if hsts.get("IncludeSubdomains") else ""
        value += "; preload" if hsts.get("Preload") else ""
        found.append(("Strict-Transport-Security", value, hsts["Override"]))
    if xss := config.get("XSSProtection"):
        value = "1" if xss["Protection"] else "0"
        value += "; mode=block" if xss.get("ModeBlock") else ""
        value += f"; report={xss['ReportUri']}" if xss.get("ReportUri") else ""
        found.append(("X-XSS-Protection", value, xss["Override"]))
    return found


def _set(headers: CIMultiDict, name: str, value: str, override: bool) -> None:
    if override or name not in headers:
        headers[name] = value
