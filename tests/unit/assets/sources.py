"""Static files in memory."""

from slipway.tool.assets.collect import Source
from slipway.tool.assets.hashing import Hashed, Hasher
from slipway.tool.assets.naming import decide

STATIC = "https://static.example.com/"
SITE = "https://www.example.com"


def sources(own: dict[str, str | bytes], package: dict[str, str | bytes] | None = None) -> dict[str, Source]:
    """Sources by name; ``own`` are the project's files, ``package`` an installed package's."""
    made = {}
    for files, is_own in ((own, True), (package or {}, False)):
        for name, body in files.items():
            body = body.encode() if isinstance(body, str) else body
            made[name] = Source(name, f"/there/{name}", body, is_own)
    return made


def hashed(own: dict[str, str | bytes], package: dict[str, str | bytes] | None = None) -> dict[str, Hashed]:
    made = sources(own, package)
    decide(made)
    return Hasher(made).all()
