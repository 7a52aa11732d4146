"""Who is told by the server's alarms, from site.yml and the secrets."""

from urllib.parse import urlsplit

from slipway.tool.config import Site
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

WEBHOOK, HEARTBEAT, MAIL = "ALARM_WEBHOOK", "ALARM_HEARTBEAT", "EMAIL_URL"
# As django-environ reads EMAIL_URL: https://django-environ.readthedocs.io/en/latest/types.html#environ-env-email-url
SMTP = ("smtp", "smtps", "smtp+tls", "smtp+ssl")
SLACK, NTFY = "hooks.slack.com", "ntfy.sh"


def receivers(site: Site, secrets: Secrets) -> dict[str, dict]:
    """By name, ``mail`` and ``webhook``, what the playbook needs beside the URLs, which are secrets; and
    ``heartbeat`` where one is asked for. {} where nobody is told.

    Raises SlipwayError, in one line, for what site.yml and the secrets leave out or have wrong.
    """
    wanted = {}
    if site.alarms.mail:
        _check(secrets, "web", MAIL, SMTP, "`alarms` in site.yml sends mail by it")
        wanted["mail"] = {"kind": "mail", "to": list(site.alarms.mail), "sender": site.alarms.sender}
    if site.alarms.webhook or WEBHOOK in secrets.alarms:
        url = _check(secrets, "alarms", WEBHOOK, ("https", "http"), "`alarms` in site.yml has a webhook")
        by_host = {SLACK: "slack", NTFY: "ntfy"}.get(url.hostname or "", "json")
        wanted["webhook"] = {"kind": site.alarms.webhook or by_host}
    if HEARTBEAT in secrets.alarms:
        _check(secrets, "alarms", HEARTBEAT, ("https", "http"), "")
        wanted["heartbeat"] = {"kind": "heartbeat"}
    return wanted


def _check(secrets: Secrets, section: str, name: str, schemes: tuple[str, ...], why: str):
    """The parts of a URL. No message shows it."""
    given = getattr(secrets, section).get(name)
    if not given:
        raise SlipwayError(f"{secrets.path}: {section}: {name}: missing, and {why} (`make secrets` opens the file)")
    try:
        url = urlsplit(given)
        good = url.scheme in schemes and bool(url.hostname) and url.port != 0 and given.isascii() and " " not in given
    except ValueError:
        good = False
    if not good:
        what = f"expected a URL of {' or '.join(schemes)}, with a host"
        raise SlipwayError(f"{secrets.path}: {section}: {name}: {what} (`make secrets` opens the file)")
    return url
