"""The evidence of restore drills in the bucket of the backups: ``drills/<time>.json``, one object each.

``time`` (UTC), ``ok``, ``what`` (one line), ``generation``, ``point`` (a restore point: name, lsn, time),
``release``, ``tables`` and ``rows`` that were compared, ``different`` (names of tables), ``seconds``, ``machine``.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.client import BaseClient

from slipway.tool.cdn.iam_policies import DRILLS_PREFIX


def put(client: BaseClient, bucket: str, evidence: Mapping[str, Any]) -> str:
    """Writes the evidence, with the restorer's key; returns the object's key."""
    key = f"{DRILLS_PREFIX}{evidence['time']}.json"
    body = json.dumps(evidence, indent=2).encode()
    client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return key
