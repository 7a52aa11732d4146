"""The 503 page that nginx has in its configuration, and the maintenance in which each visitor gets it.

The page is that of the release that serves. nginx shows it too while Gunicorn is away, and behind the wall of a move.
"""

import contextlib
import re
import secrets
import time

from agent import nginx_files, releases
from agent.paths import NGINX_PAGE, RELEASES, HostError, settings

PAGE, ON = NGINX_PAGE / "page.conf", NGINX_PAGE / "maintenance.conf"
SOURCE = "build/manifests/503.html"
# nginx takes 4,096 characters a string. The build rejects a longer page (slipway.tool.assets.unavailable).
MOST = 4000
WAY_IN = "/slipway-maintenance/"

# What is let through: the server's own checks, a load balancer's, a CDN that pulls static files, and the owner.
CLOSED = """\
# since {since}
set $retry_after 300;
set $closed 1;
if ($remote_addr ~ "^(127\\.0\\.0\\.1|::1)$") {{ set $closed ""; }}
if ($uri ~ "^/(healthz|pulled)/") {{ set $closed ""; }}
if ($uri = "{path}") {{ set $closed ""; }}
if ($cookie_slipway_maintenance = "{token}") {{ set $closed ""; }}
if ($closed) {{ return 503; }}
location = {path} {{
    access_log off;
    add_header X-Origin slipway always;
    add_header Cache-Control no-store always;
    add_header Set-Cookie "slipway_maintenance={token}; Path=/; HttpOnly; SameSite=Lax{secure}" always;
    return 302 /;
}}
"""


def state() -> dict:
    """``since``, a time in UTC, and ``way_in``, the path that lets a browser in; {} while the site is open."""
    try:
        text = ON.read_text()
    except FileNotFoundError:
        return {}
    since, path = re.search(r"^# since (.+)$", text, re.M), re.search(r"^location = (\S+)", text, re.M)
    return {"since": since[1] if since else "?", "way_in": path[1] if path else ""}


def on() -> dict:
    """Each visitor gets the page, until ``off``; deploys and reboots change nothing of it. Returns the state."""
    if not state():
        token = secrets.token_urlsafe(18)
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        secure = "; Secure" if settings()["tls"] else ""
        text = CLOSED.format(since=since, path=WAY_IN + token, token=token, secure=secure)
        nginx_files.put({ON: text}, what="the maintenance")
    return state()


def off() -> dict:
    nginx_files.put({ON: ""}, what="the maintenance")
    return state()


def show_page(name: str) -> None:
    """nginx shows the page of release ``name``, or its own where that has none. A page is no reason to end a switch."""
    with contextlib.suppress(HostError, OSError):
        nginx_files.put({PAGE: _page(name)}, what="the 503 page")


def is_shown() -> bool:
    """Whether nginx has the page of the release that serves."""
    name = releases.current()
    return not name or _page(name) == (PAGE.read_text() if PAGE.exists() else "")


def _page(name: str) -> str:
    try:
        text = (RELEASES / name / SOURCE).read_text()
    except (OSError, UnicodeDecodeError):
        return ""
    quoted = quote(text)
    return f"return 503 {quoted};\n" if len(quoted.encode()) <= MOST and "\0" not in text else ""


def quote(text: str) -> str:
    """``text`` as one string of nginx's. Nothing escapes `$`: a variable of our configuration is it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "${dollar}")
    return f"'{escaped}'"
