"""A deploy that has lost its lock must not switch releases."""

import json

from rehearsal.run import Run
from rehearsal.run_log import Phase
from slipway.tool.server import lock
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError


def lose_lock(run: Run, phase: Phase) -> None:
    connection = Connection(run.site.site)
    with lock.held(connection):
        connection.agent("unlock")
        (serving,) = (each["id"] for each in json.loads(connection.agent("releases")) if each["current"])
        try:
            output = connection.agent("activate", serving)
        except SlipwayError as error:
            output = str(error)
    run.log.check("A deploy whose lock is gone does not switch", "deploy lock is gone" in output, output)
