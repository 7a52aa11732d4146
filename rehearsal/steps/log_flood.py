"""A client that fills the logs: requests of nginx's maximum length, on a few plain connections."""

import http.client
import threading
import time

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import SITE

CONNECTIONS, SECONDS = 4, 5
# With the address and the browser's name: 14 KB.
LONG = "x" * 7000
# Bytes that each request of 14 KB may add to nginx's logs: a line of 4 KB for one in a hundred makes 40.
LOGGED = 100
LOG_BYTES = "cat /var/log/nginx/* | wc -c"


def flood(host: str, port: int, seconds: float = SECONDS) -> int:
    """Sends requests for ``host`` to ``port`` of the loopback for ``seconds``; returns how many were answered."""
    answered = [0] * CONNECTIONS
    until = time.monotonic() + seconds

    def send(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < until:
            try:
                connection.request("GET", f"/{LONG}", headers={"Host": host, "User-Agent": LONG})
                connection.getresponse().read()
                answered[number] += 1
            except (OSError, http.client.HTTPException):
                # The connection was closed; the next request opens a new one.
                connection.close()
        connection.close()

    threads = [threading.Thread(target=send, args=(number,), name="flood") for number in range(CONNECTIONS)]
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
        f"A flood adds at most {LOGGED} bytes a request to nginx's logs",
        answered > 0 and grown <= answered * LOGGED,
        f"{grown} bytes of {answered} requests of 14 KB in {SECONDS} s",
    )
