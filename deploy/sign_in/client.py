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
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address)
