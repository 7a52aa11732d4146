"""nginx while the site moves to another server: it closes the site, forwards it, or serves it again.

nginx's configuration includes three files of a folder of their own, none of which is there otherwise: `http.conf` (the
other server), `challenges.conf` (ACME's, which it answers) and `site.conf` (in the site's server block). Each is
harmless without the one that is written after it.
"""

import ipaddress

from agent import nginx_files
from agent.paths import AUTHORITIES, NGINX_MOVE, settings

WHAT = "the move"
# The other server's nginx gives up first, and its answer comes through, s.
LATER = 15
PORTS = {"https": 443, "http": 80}
HTTP, CHALLENGES, SITE = (NGINX_MOVE / f"{name}.conf" for name in ("http", "challenges", "site"))

# The site's own 503 page.
CLOSED = """\
set $retry_after {seconds};
return 503;
"""
# A status that is sent to nobody leads each request there, whatever its path, before a location is chosen.
FORWARDED = """\
recursive_error_pages on;
error_page 418 = @moved;
return 418;
location @moved {{
    proxy_pass {scheme}://moved;
    proxy_ssl_server_name on;
    proxy_ssl_name {host};
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 4;
    proxy_ssl_trusted_certificate {authorities};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    # Headers that a visitor forged are taken out there, and what nginx adds is added there.
    add_header X-Origin "";
    gzip off;
    proxy_connect_timeout 5s;
    proxy_read_timeout {seconds}s;
    proxy_buffer_size 32k;
    proxy_buffers 12 8k;
    # What is sent piece by piece arrives so. That server buffers for slow clients.
    proxy_buffering off;
}}
"""
# Shorter than nginx keeps an idle connection there: a POST is not sent twice.
UPSTREAM = """\
upstream moved {{
    server {address}:{port} fail_timeout=0;
    keepalive 16;
    keepalive_timeout 15s;
}}
"""
CHALLENGED = """\
proxy_pass http://{address}:{port};
proxy_set_header Host $host;
"""


def close(seconds: int) -> None:
    """Each request gets a 503 that names ``seconds``; returns when those that came before are answered, or DRAIN."""
    nginx_files.put({SITE: CLOSED.format(seconds=seconds)}, what=WHAT)


def forward(address: str) -> None:
    """Each request, ACME's challenges included, goes to the server at ``address``, which must show a certificate of the
    site's name. Raises HostError."""
    data, address = settings(), _literal(address)
    scheme = "https" if data["tls"] else "http"
    # A server that an earlier version set up has no timeout in its settings.
    forwarded = FORWARDED.format(
        scheme=scheme, host=data["site_host"], authorities=AUTHORITIES, seconds=data.get("timeout", 60) + LATER
    )
    texts = {
        HTTP: UPSTREAM.format(address=address, port=PORTS[scheme]),
        CHALLENGES: CHALLENGED.format(address=address, port=PORTS["http"]),
        SITE: forwarded,
    }
    nginx_files.put(texts, what=WHAT)


def trust(address: str) -> None:
    """What the server at ``address`` forwards counts as sent by the visitor whom it names."""
    nginx_files.put({HTTP: f"set_real_ip_from {ipaddress.ip_address(address)};\n"}, what=WHAT)


def clear() -> None:
    """This server serves the site, and trusts no other."""
    nginx_files.put(dict.fromkeys((SITE, CHALLENGES, HTTP), ""), what=WHAT)


def state() -> str:
    """`closed`, `forwarded` or `open`: what nginx does with a request for the site."""
    text = SITE.read_text() if SITE.exists() else ""
    return "open" if not text else "forwarded" if "@moved" in text else "closed"


def _literal(address: str) -> str:
    parsed = ipaddress.ip_address(address)
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)
