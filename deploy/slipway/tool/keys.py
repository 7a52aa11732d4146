"""AWS keys out of the vaulted file, handed on explicitly: this process's own environment never holds them."""

import os
from collections.abc import Mapping

from botocore.session import Session

from slipway.tool.secrets import AWS_PAIR

ID, SECRET = AWS_PAIR
TOKENS = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def session(keys: Mapping[str, str]) -> Session:
    """A botocore session that signs with the key among ``keys``; without one, with what every AWS tool finds."""
    made = Session()
    if keys.get(ID):
        made.set_credentials(keys[ID], keys[SECRET], keys.get(TOKENS[0]))
    return made


def environment(keys: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, for a child that acts with ``keys``: no token of another key stays beside them."""
    replaced = (*AWS_PAIR, *TOKENS) if keys.get(ID) else ()
    return {name: value for name, value in os.environ.items() if name not in replaced} | dict(keys)
