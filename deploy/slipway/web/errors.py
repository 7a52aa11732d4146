"""The one exception that Slipway's commands show to a person."""


class SlipwayError(Exception):
    """What failed, where, and what to do, in one line.

    Commands print it as ``slipway: <message>`` on stderr and exit with status 1; nobody sees
    a traceback.
    """
