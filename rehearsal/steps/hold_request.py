"""Holds a request open until a release has been replaced, and the one that follows has answered others.

Runs on the host itself, with its own Python, and asks Gunicorn: nginx would wait for the second half of such a request.
Prints how many others were answered, and the status of the held one, as JSON.

    python3 hold_request.py '{"host": …, "socket": …, "current": …, "begun": …, "answers": 10, "seconds": 25}'
"""

import json
import socket
import sys
import time
from pathlib import Path

LONGEST = 120  # s until the switch
HEAD = "GET /healthz/ready HTTP/1.0\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\n"


def connect(path, seconds):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(max(0.1, seconds))
    connection.connect(path)
    return connection


def status(connection):
    """The status of what a connection answers; 0 where it does not."""
    try:
        return int(connection.recv(100).split()[1])
    except (OSError, IndexError):
        return 0


def main(wanted):
    head, current = HEAD.format(host=wanted["host"]).encode(), Path(wanted["current"])
    before = current.readlink()
    held = connect(wanted["socket"], LONGEST)
    # No project has to have a slow page: a thread reads this until the end of the headers.
    held.sendall(head)
    Path(wanted["begun"]).touch()
    deadline = time.monotonic() + LONGEST
    while current.readlink() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    answered, deadline = 0, time.monotonic() + wanted["seconds"]
    while answered < wanted["answers"] and time.monotonic() < deadline:
        with connect(wanted["socket"], deadline - time.monotonic()) as other:
            other.sendall(head + b"\r\n")
            answered += status(other) == 200
        # So long that the release before has been told to end.
        time.sleep(0.5)
    held.sendall(b"\r\n")
    print(json.dumps({"answered": answered, "status": status(held)}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
