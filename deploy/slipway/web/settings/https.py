"""Headers and cookies of a site that is served by https."""

import re
from collections.abc import Mapping
from typing import Any

# https://docs.djangoproject.com/en/5.2/ref/middleware/#http-strict-transport-security
YEAR = 31_536_000  # seconds
# nginx overwrites the header, so a visitor cannot set it.
# https://docs.djangoproject.com/en/5.2/ref/settings/#secure-proxy-ssl-header
PROXY_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Browsers reject a cookie with such a name by http.
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
COOKIES, PREFIX = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"), re.compile(r"__[A-Za-z]+-")
ONLY_BY_HTTPS = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")


def settings(own: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    given = {
        "SECURE_PROXY_SSL_HEADER": PROXY_HEADER,
        "SECURE_HSTS_SECONDS": own.get("SECURE_HSTS_SECONDS", YEAR),
        "SECURE_REFERRER_POLICY": own.get("SECURE_REFERRER_POLICY", "strict-origin-when-cross-origin"),
    }
    if not environ["SITE_URL"].startswith("https:"):
        # A site of plain http, like the demo: nobody could sign in otherwise, so the project's values do not count.
        names = {name: PREFIX.sub("", own[name]) for name in COOKIES if isinstance(own.get(name), str)}
        return given | dict.fromkeys(ONLY_BY_HTTPS, False) | names
    return given | {name: own.get(name, True) for name in ONLY_BY_HTTPS}
