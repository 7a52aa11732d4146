"""The address of a visitor, and the networks that count as one client."""

import ipaddress

from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The visitor's address; "" where it is unknown.

    Over Gunicorn's Unix socket there is no REMOTE_ADDR: nginx is the peer, and overwrites an X-Real-IP that the visitor
    sent. Elsewhere (`runserver`) a visitor could forge that header, so it is ignored.
    """
    return request.META.get("REMOTE_ADDR") or request.META.get("HTTP_X_REAL_IP", "")


def network(address: str) -> str:
    """What counts as one client, as in nginx: an IPv4 address, or a /64 of IPv6, which one customer has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(parsed) if parsed.version == 4 else _network_address(parsed, 64)


def subnet(address: str) -> str:
    """The range that one customer may choose addresses from: a /24 of IPv4, a /48 of IPv6."""
    client = network(address)
    if not client:
        return ""
    parsed = ipaddress.ip_address(client)
    return _network_address(parsed, 24 if parsed.version == 4 else 48)


def _network_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)
