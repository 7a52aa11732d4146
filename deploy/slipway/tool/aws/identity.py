"""AWS credentials. An identity is passed to what needs it; this process's own environment never has its key."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import Session

from slipway.tool.secrets import AWS_PAIR
from slipway.web.stores import CHECKSUMS

ID, SECRET = AWS_PAIR
TOKENS = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
SETTINGS = {
    **CHECKSUMS,
    "connect_timeout": 10,
    # Eight attempts wait up to a minute in all where AWS throttles.
    "retries": {"mode": "standard", "total_max_attempts": 8},
}


@dataclass(frozen=True, eq=False)
class Identity:
    """The deployer, the pruner or the web process, by the AWS_* variables of its section in the vaulted file.

    Without a key in ``keys`` it is the user who runs the command: boto3's default chain (variables, profile, role).
    """

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def session(self) -> Session:
        """A session of its own: botocore's default session keeps the first credentials that it finds."""
        made = Session()
        if self.keys.get(ID):
            made.set_credentials(self.keys[ID], self.keys[SECRET], self.keys.get(TOKENS[0]))
        return made

    def client(
        self,
        service: str,
        region: str | None = None,
        endpoint: str | None = None,
        pair: tuple[str, str] | tuple[()] = (),
        addressing: str = "",
    ) -> BaseClient:
        """A client of ``service``. ``endpoint`` is its URL, if it is not AWS's own; ``pair`` is another key and secret.

        ``addressing`` is site.yml's, "" for botocore's own choice. Raises botocore's own errors: no region, no such
        profile, a malformed file.
        """
        style = {"s3": {"addressing_style": addressing}} if addressing else {}
        config = Config(**SETTINGS, **style, signature_version="s3v4" if service == "s3" else None)
        key, secret = pair or (None, None)
        return self.session.create_client(
            service,
            region_name=region,
            endpoint_url=endpoint or None,
            config=config,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def environment(self) -> dict[str, str]:
        """This process's environment with this identity, for a child process; without tokens of another key."""
        replaced = (*AWS_PAIR, *TOKENS) if self.keys.get(ID) else ()
        return {name: value for name, value in os.environ.items() if name not in replaced} | dict(self.keys)
