"""One call of an AWS API, with its error in one line."""

from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from slipway.tool.aws.errors import call_failed


def call(
    client: BaseClient,
    operation: str,
    resource: str,
    absent: tuple[str, ...] = (),
    denied: str = "",
    **params: Any,
) -> dict[str, Any] | None:
    """AWS's response, or None for one of the error codes in ``absent``.

    Raises SlipwayError, naming the call, ``resource`` and the fix, for every other error; ``denied`` is a specific fix
    of a denied call.
    """
    try:
        return getattr(client, operation)(**params)
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error.response["Error"].get("Code", "") in absent:
            return None
        raise call_failed(client.meta.service_model.service_name, resource, error, denied) from error
