"""`check --deploy` of the release that serves, with the settings and the environment of the server."""

from slipway.tool.audit import FAILED, PASSED, Verdict
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError


def judge(connection: Connection) -> Verdict:
    try:
        connection.run("slipway manage check --deploy --fail-level WARNING 2>&1")
    except SlipwayError as error:
        return Verdict("check --deploy", FAILED, str(error), ('`make shell COMMAND="check --deploy"` shows all',))
    return Verdict("check --deploy", PASSED, "no warning")
