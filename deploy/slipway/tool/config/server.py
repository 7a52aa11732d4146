"""The server: SSH keys, Debian packages, Gunicorn, memory, and the certificate authority."""

from slipway.tool import budget, public_keys
from slipway.tool.config.forms import DEBIAN_PACKAGE, REBOOT
from slipway.tool.config.site import ACME, MAX_BODY_MB, TIMEOUT
from slipway.tool.config.site import REBOOT as REBOOT_AT
from slipway.tool.config.values import Values

MOST_THREADS = 64
# A release waits for a request as long, twice in the worst case.
MOST_SECONDS = 300
# Each lies on the server's disk twice: in nginx's buffer, and where Django reads it.
MOST_BODY_MB = 100


def admin_keys(values: Values) -> tuple[str, ...]:
    """The keys of the list and of its files, each once; none without the list."""
    listed = values.get("admin_keys", None)
    if listed == []:
        raise values.error("admin_keys", "empty, and nobody could log in; give a public key, or leave it out")
    keys: list[str] = []
    for each in listed or ():
        try:
            keys += public_keys.read(str(each), values.file.parent)
        except ValueError as error:
            raise values.error("admin_keys", str(error)) from None
    return tuple(dict.fromkeys(keys))


def ci_key(values: Values, admins: tuple[str, ...]) -> str:
    """The key of CI; "" without one. It must not be an admin's: sshd would accept it as that admin's."""
    given = values.get("ci_key", "")
    if not given:
        return ""
    try:
        keys = public_keys.read(given, values.file.parent)
    except ValueError as error:
        raise values.error("ci_key", str(error)) from None
    if len(keys) > 1:
        raise values.error("ci_key", f"{given} holds {len(keys)} keys; CI has one")
    if any(public_keys.same(keys[0], admin) for admin in admins):
        raise values.error(
            "ci_key", "is among admin_keys too, and would not be restricted; create a separate key for CI"
        )
    return keys[0]


def packages(values: Values) -> tuple[str, ...]:
    """Names of Debian packages, each once. Only apt on the server can check whether they exist."""
    listed = values.get("packages", [])
    for name in listed:
        if not isinstance(name, str) or not DEBIAN_PACKAGE.fullmatch(name):
            raise values.error("packages", f"{name!r} is not the name of a Debian package like libvips42 or gettext")
    return tuple(dict.fromkeys(listed))


def gunicorn_workers(values: Values) -> int:
    """Gunicorn's worker processes; 0 without the key. Whether they fit depends on the server's memory."""
    given = values.get("gunicorn_workers", None)
    if given is not None and given < 1:
        raise values.error("gunicorn_workers", f"{given} would serve no request; give 1 or more, or leave it out")
    return given or 0


def gunicorn_threads(values: Values) -> int:
    """The threads of each worker; 0 without the key. Whether PostgreSQL has the connections depends on its memory."""
    given = values.get("gunicorn_threads", None)
    if given is not None and not 1 <= given <= MOST_THREADS:
        raise values.error("gunicorn_threads", f"{given} is not between 1 and {MOST_THREADS}; or leave it out")
    return given or 0


def reboot(values: Values) -> str:
    """When a reboot that is due is made, in UTC; or never."""
    return values.text("reboot", REBOOT, 'a time like "04:30" or "Sun 04:30", or never', REBOOT_AT)


def memory(values: Values) -> dict[str, int]:
    """Service → its MB. Whether they fit depends on the server's memory."""
    given, least = values.get("memory", {}), budget.least()
    for name, mb in given.items():
        if name not in least:
            raise values.error("memory", f"{name}: unknown; known: {', '.join(least)}")
        if isinstance(mb, bool) or not isinstance(mb, int):
            raise values.error("memory", f"{name}: expected a number of MB, got {mb!r}")
        if mb < least[name]:
            raise values.error("memory", f"{name}: {mb} MB, and {least[name]} are in use; give that or more")
    return given


def timeout(values: Values) -> int:
    """Seconds of a request."""
    seconds = values.get("timeout", TIMEOUT)
    if not 10 <= seconds <= MOST_SECONDS:
        raise values.error("timeout", f"{seconds} is not between 10 and {MOST_SECONDS} seconds; longer work is a job's")
    return seconds


def max_body_mb(values: Values) -> int:
    """The largest body of a request. Whether the disk holds as many at once depends on the server."""
    mb = values.get("max_body_mb", MAX_BODY_MB)
    if not 1 <= mb <= MOST_BODY_MB:
        raise values.error(
            "max_body_mb", f"{mb} is not between 1 and {MOST_BODY_MB}; larger files go from the browser to the bucket"
        )
    return mb


def acme(values: Values) -> str:
    """The URL of the authority's directory."""
    value = values.get("acme", "letsencrypt")
    url = ACME.get(value, value)
    if not url.startswith("https://"):
        raise values.error("acme", f"{value!r} is not one of {', '.join(ACME)}, nor a directory's https:// URL")
    return url
