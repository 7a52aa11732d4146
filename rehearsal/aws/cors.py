"""A bucket's CORS rules, applied as S3 applies them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
SeaweedFS itself drops the connection at a preflight of ``/bucket``.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from xml.etree import ElementTree

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def answer(document: str | None, method: str, request: Mapping[str, str]) -> dict[str, str] | None:
    """The response headers of the first rule that allows it, or None.

    ``document`` is the CORSConfiguration, ``method`` the requested one and ``request`` the headers.
    """
    origin = request.get("Origin")
    if document is None or origin is None:
        return None
    requested = request.get("Access-Control-Request-Headers", "").lower().replace(" ", "")
    wanted = [name for name in requested.split(",") if name]
    for rule in ElementTree.fromstring(document).findall("{*}CORSRule"):
        origins, methods = _texts(rule, "AllowedOrigin"), _texts(rule, "AllowedMethod")
        headers = [name.lower() for name in _texts(rule, "AllowedHeader")]
        if (
            method in methods
            and any(fnmatchcase(origin, pattern) for pattern in origins)
            and all(any(fnmatchcase(name, p) for p in headers) for name in wanted)
        ):
            return _headers(rule, origin, origins, methods, wanted)
    return None


def _headers(
    rule: ElementTree.Element,
    origin: str,
    origins: list[str],
    methods: list[str],
    wanted: list[str],
) -> dict[str, str]:
    everybody = "*" in origins
    allowed = {
        "Access-Control-Allow-Origin": "*" if everybody else origin,
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ", ".join(wanted),
        "Access-Control-Expose-Headers": ", ".join(_texts(rule, "ExposeHeader")),
        "Access-Control-Max-Age": rule.findtext("{*}MaxAgeSeconds", ""),
        "Access-Control-Allow-Credentials": "" if everybody else "true",
        "Vary": VARY,
    }
    return {name: value for name, value in allowed.items() if value}


def _texts(rule: ElementTree.Element, name: str) -> list[str]:
    return [element.text or "" for element in rule.findall(f"{{*}}{name}")]
