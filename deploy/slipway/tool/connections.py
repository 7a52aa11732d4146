"""HTTPS connections with the environment's proxies and trusted authorities, as other tools have them."""

import ssl
from urllib.request import getproxies

import urllib3

TIMEOUT = urllib3.Timeout(connect=10, read=30)  # seconds


def pool(url: str, size: int = 1) -> urllib3.PoolManager:
    """A pool of ``size`` connections for ``url``."""
    options = {"maxsize": size, "timeout": TIMEOUT, "ssl_context": ssl.create_default_context()}
    proxy = getproxies().get(url.partition(":")[0])
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
