"""Names of what is made in the account: a site's name may be longer than AWS takes."""

import hashlib

DIGEST = 8


def fitting(name: str, length: int, end: str = "") -> str:
    """``name`` with ``end``, shortened to ``length`` characters by a digest of what was left out."""
    if len(name) + len(end) <= length:
        return name + end
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    return f"{name[: length - len(end) - DIGEST - 1]}-{digest}{end}"
