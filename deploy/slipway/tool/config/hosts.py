"""The site's hosts: its aliases, redirects to it, proxies before it, and a check that all hosts differ."""

import ipaddress
from urllib.parse import urlsplit

from slipway.tool.config.forms import HOST
from slipway.tool.config.site import Site
from slipway.tool.config.values import Values


def aliases(values: Values, domain: str) -> tuple[str, ...]:
    """Further names that answer as the site does."""
    host = urlsplit(values.get("site", f"https://www.{domain}")).hostname
    names = values.get("aliases", [])
    for name in names:
        if not isinstance(name, str) or not HOST.fullmatch(name):
            raise values.error("aliases", f"{name!r} is not a name like shop.{domain}")
        if name == host:
            raise values.error("aliases", f"{name} is the site itself; take it out")
    return tuple(dict.fromkeys(names))


def redirects(values: Values, domain: str) -> tuple[str, ...]:
    """The names that redirect to the site; by default example.com for www.example.com, unless it is an alias."""
    host, others = urlsplit(values.get("site", f"https://www.{domain}")).hostname, values.get("aliases", [])
    names = values.get("redirects", [domain] if host == f"www.{domain}" and domain not in others else [])
    for name in names:
        if not isinstance(name, str) or not HOST.fullmatch(name):
            raise values.error("redirects", f"{name!r} is not a name like {domain}")
        if name == host:
            raise values.error("redirects", f"{name} is the site itself; take it out")
        if name in others:
            raise values.error("redirects", f"{name} is one of aliases too; it answers, or it redirects")
    return tuple(names)


def proxies(values: Values) -> tuple[str, ...]:
    """The networks in CIDR notation: 203.0.113.7 becomes 203.0.113.7/32."""
    networks = []
    for each in values.get("proxies", []):
        try:
            # A number would be parsed as an address, and nginx has no zone identifiers.
            network = ipaddress.ip_network(each if isinstance(each, str) and "%" not in each else "")
        except ValueError:
            raise values.error(
                "proxies", f"{each!r} is not an address, nor a network like 10.0.0.0/8 or 2001:db8::/32"
            ) from None
        if not network.prefixlen:
            raise values.error("proxies", f"{each} would trust every client's X-Forwarded-For; name the proxy")
        networks.append(str(network))
    return tuple(networks)


def check_distinct(values: Values, site: Site) -> None:
    """Raises SlipwayError where two of the site's three hosts are the same, or one of the CDN's is the server's."""
    urls = {"site": site.site_url, "static": site.static_url, "media": site.media_url}
    hosts = {key: urlsplit(url).hostname for key, url in urls.items()}
    for key, other in (("static", "site"), ("media", "site"), ("media", "static")):
        if hosts[key] == hosts[other]:
            own = f"{key} needs a host of its own, like {key}.{site.domain}"
            raise values.error(key, f"{hosts[key]} is the {other} host too; {own}")
    for key in ("static", "media"):
        if hosts[key] in site.hosts:
            listed = "aliases" if hosts[key] in site.aliases else "redirects"
            raise values.error(listed, f"{hosts[key]} is the {key} host, which the CDN answers on; take it out")
