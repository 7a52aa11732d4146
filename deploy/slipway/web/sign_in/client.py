"""Who asks."""

import ipaddress

from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The visitor's address; "" where nobody knows it.

    Over Gunicorn's Unix socket there is no REMOTE_ADDR: nginx is at the other end, and writes X-Real-IP over whatever
    the visitor sent. Anywhere else (`runserver`) that header is the visitor's own word, and is not asked.
    """
    return request.META.get("REMOTE_ADDR") or request.META.get("HTTP_X_REAL_IP", "")


def network(address: str) -> str:
    """What counts as one client, as in nginx: an IPv4 address, or the /64 that a customer of IPv6 has to himself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(found) if found.version == 4 else _start(found, 64)


def neighbourhood(address: str) -> str:
    """What one customer may have to choose his addresses from: a /24 of IPv4, a /48 of IPv6."""
    clients = network(address)
    if not clients:
        return ""
    found = ipaddress.ip_address(clients)
    return _start(found, 24 if found.version == 4 else 48)


def _start(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)
