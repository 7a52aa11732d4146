"""Sends wrong passwords for one account, all at once, until it has been refused in each way. Runs on the host itself,
with its own Python: by an address that is not the deployer's. Prints what it was answered, as JSON.

    python3 - '{"url": …, "fields": {…: "guess"}, "headers": {…}, "tries": 24}'
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait


class NotFollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(said, number):
    fields = {name: f"guess {number}" if value == "guess" else value for name, value in said["fields"].items()}
    body = urllib.parse.urlencode(fields).encode()
    request = urllib.request.Request(said["url"], body, said["headers"])
    try:
        with urllib.request.build_opener(NotFollowed).open(request, timeout=120) as answer:
            return {"status": answer.status, "retry": answer.headers.get("Retry-After", ""), "words": ""}
    except urllib.error.HTTPError as error:
        words = error.read(4096).decode("utf-8", "replace")
        return {"status": error.code, "retry": error.headers.get("Retry-After", ""), "words": words}


def main(said):
    answers, refused = [], set()
    pool = ThreadPoolExecutor(said["tries"])
    asked = {pool.submit(ask, said, number) for number in range(said["tries"])}
    # Until both nginx and Django have said it.
    while asked and len(refused) < 2:
        done, asked = wait(asked, return_when=FIRST_COMPLETED)
        answers += [each.result() for each in done]
        refused = {"your address" in each["words"] for each in answers if each["status"] == 429}
    print(json.dumps([{**each, "words": each["words"][:80]} for each in answers]), flush=True)
    # Those that nginx still holds back are let go.
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
