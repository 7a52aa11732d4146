"""A client that fills the logs: requests as long as nginx takes them, on a few plain connections."""

import http.client
import threading
import time

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import SITE

CONNECTIONS, SECONDS = 4, 5
# With the address and the browser's name: 14 KB.
LONG = "x" * 7000
# Bytes that it may leave in nginx's logs for each request of 14 KB: a line of 4 KB of one in a hundred is 40.
LOGGED = 100
LOG_BYTES = "cat /var/log/nginx/* | wc -c"


def flood(host: str, port: int, seconds: float = SECONDS) -> int:
    """How many were answered by the ``port`` of the loopback within the ``seconds``, asked as ``host``."""
    answered = [0] * CONNECTIONS
    until = time.monotonic() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < until:
            try:
                connection.request("GET", f"/{LONG}", headers={"Host": host, "User-Agent": LONG})
                connection.getresponse().read()
                answered[number] += 1
            except (OSError, http.client.HTTPException):
                # It was cut off; the next request connects anew.
                connection.close()
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,), name="flood") for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered)


def flood_logs(run: Run, phase: Phase) -> None:
    with run.under_load("a flood of the logs"):
        before = int(run.host.run(LOG_BYTES))
        answered = flood(SITE, run.machine.ports[80])
        grown = int(run.host.run(LOG_BYTES)) - before
    run.log.check(
        f"A flood leaves at most {LOGGED} bytes a request in nginx's logs",
        answered > 0 and grown <= answered * LOGGED,
        f"{grown} bytes of {answered} requests of 14 KB in {SECONDS} s",
    )
