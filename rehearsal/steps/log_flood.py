"""A visitor who fills the logs: requests as long as nginx takes them, on a few plain connections."""

import http.client
import threading
import time

CONNECTIONS, SECONDS = 4, 5
# With the address and the browser's name: 14 KB.
LONG = "x" * 7000


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
