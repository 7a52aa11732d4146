"""SECRET_KEY: a new one signs, and sessions, links and cookies of the old one stay valid.

https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key-fallbacks
"""

import secrets as random

from slipway.tool.config import Site
from slipway.tool.phases import phase
from slipway.tool.rotation.server import Server
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError
from slipway.web.settings.startproject import BETWEEN_KEYS, FALLBACKS

KEY = "SECRET_KEY"
BYTES = 50


def rotate(site: Site, secrets: Secrets, server: Server) -> list[str]:
    """What is left to do. Raises SlipwayError for a key that cannot stand in a list."""
    old, new = secrets.web[KEY], random.token_urlsafe(BYTES)
    if BETWEEN_KEYS in old:
        raise SlipwayError(f"{secrets.path}: web: {KEY}: has a comma, which separates the keys of {FALLBACKS}")
    known = [each for each in secrets.web.get(FALLBACKS, "").split(BETWEEN_KEYS) if each and each != old]
    # While the site restarts old and new processes serve side by side: each must know what the other signs.
    _write(site, server, old, [new, *known], "a second SECRET_KEY, which is accepted beside the first")
    _write(site, server, new, [old, *known], "the order of both: the new one signs")
    return [
        f"the old key is accepted until `make rotate SECRET={KEY} END=1`; run that when the sessions of before are "
        "over (SESSION_COOKIE_AGE, two weeks by default), or now if the key is known to somebody"
    ]


def end(site: Site, secrets: Secrets, server: Server) -> list[str]:
    """The keys of before are accepted no longer."""
    if not secrets.web.get(FALLBACKS):
        return ["no key of before is accepted: nothing to end"]
    secrets = Secrets.put(site, "web", {FALLBACKS: None})
    server.bring(secrets, "the end of the old SECRET_KEY")
    return ["who signed in before the rotation, and did not come back since, signs in once more"]


def state(secrets: Secrets) -> str:
    old = len([each for each in secrets.web.get(FALLBACKS, "").split(BETWEEN_KEYS) if each])
    if not old:
        return "signs sessions, links and cookies"
    return f"{old} of before {'is' if old == 1 else 'are'} accepted too, until END=1"


def _write(site: Site, server: Server, key: str, fallbacks: list[str], what: str) -> None:
    with phase(f"Write to the vaulted file: {what}"):
        secrets = Secrets.put(site, "web", {KEY: key, FALLBACKS: BETWEEN_KEYS.join(fallbacks)})
    server.bring(secrets, what)
