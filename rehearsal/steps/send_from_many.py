"""Sends a wrong password from each of many addresses, as a botnet does: nginx's limit is one of an address. It asks
Gunicorn's own socket, with nginx's headers. Runs on the host itself, as root, with its own Python. Prints the statuses
as JSON.

    python3 - '{"url": …, "fields": {…: "guess"}, "headers": {…}, "socket": "/run/…", "addresses": 110}'
"""

import http.client
import json
import socket
import sys
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 2


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def send(form, number):
    url, address = urllib.parse.urlsplit(form["url"]), f"203.0.113.{number}"
    fields = {name: f"guess {number}" if value == "guess" else value for name, value in form["fields"].items()}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": url.netloc, "X-Real-IP": address}
    headers |= {"X-Forwarded-For": address, "X-Forwarded-Proto": url.scheme, **form["headers"]}
    connection = Connection(form["socket"])
    connection.request("POST", url.path, urllib.parse.urlencode(fields), headers)
    return connection.getresponse().status


def main(form):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        print(json.dumps([*pool.map(lambda number: send(form, number), range(1, form["addresses"] + 1))]))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
