"""The edge's own access log: one JSON object a line."""

import json
import re
from datetime import UTC, datetime
from typing import TextIO

from rehearsal.cdn.cache import Entry
from rehearsal.cdn.request import ViewerRequest

_RUN = re.compile(r"slipway-smoke/(\S+)")


class AccessLog:
    """``stream`` is a text file, or None for no log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def write(self, request: ViewerRequest, answer: Entry) -> None:
        """Called before the response is sent, so that its reader finds the line."""
        if self._stream is None:
            return
        run = _RUN.search(request.headers.get("User-Agent", ""))
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": run[1] if run else "",
            "method": request.method,
            "host": request.host,
            "uri": request.uri,
            "status": answer.status,
            "x_cache": answer.headers["X-Cache"].partition(" ")[0],
            "bytes": 0 if request.method == "HEAD" else len(answer.body),
            "cookie": "Cookie" in request.headers,
            "referer": request.headers.get("Referer", ""),
        }
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()
