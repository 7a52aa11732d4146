"""Sends wrong passwords for one account, all at once, until nginx and Django have both rejected one. Runs on the host
itself, with its own Python, so that the address is not the deployer's. Prints the responses as JSON.

    python3 - '{"url": …, "fields": {…: "guess"}, "headers": {…}, "tries": 24}'
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def send(form, number):
    fields = {name: f"guess {number}" if value == "guess" else value for name, value in form["fields"].items()}
    body = urllib.parse.urlencode(fields).encode()
    request = urllib.request.Request(form["url"], body, form["headers"])
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=120) as answer:
            return {"status": answer.status, "retry": answer.headers.get("Retry-After", ""), "words": ""}
    except urllib.error.HTTPError as error:
        words = error.read(4096).decode("utf-8", "replace")
        return {"status": error.code, "retry": error.headers.get("Retry-After", ""), "words": words}


def main(form):
    answers, rejected = [], set()
    pool = ThreadPoolExecutor(form["tries"])
    pending = {pool.submit(send, form, number) for number in range(form["tries"])}
    # Until both nginx and Django have rejected one, and one was checked: Django rejects sooner than it checks.
    while pending and (len(rejected) < 2 or all(each["status"] == 429 for each in answers)):
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        answers += [each.result() for each in done]
        rejected = {"your address" in each["words"] for each in answers if each["status"] == 429}
    print(json.dumps([{**each, "words": each["words"][:80]} for each in answers]), flush=True)
    # Without waiting for those that nginx still queues.
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
