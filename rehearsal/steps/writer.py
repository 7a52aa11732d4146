"""Writes rows through the site, one each 100 ms, as somebody signed in to the admin; and counts what came of each."""

import http.client
import re
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from rehearsal.run import Run
from rehearsal.server_site import USER
from rehearsal.visitor import Named
from slipway.web.errors import SlipwayError

INTERVAL = 0.1  # s
LOGIN, ADD = "/admin/login/", "/admin/auth/group/add/"
NAME = "written-"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ROWS = (
    "from django.contrib.auth.models import Group; "
    f"print(*Group.objects.filter(name__startswith='{NAME}').values_list('name', flat=True))"
)


@dataclass(slots=True)
class Written:
    """``acknowledged``: the rows that the site said it has written; ``closed``: when each 503 came, in seconds;
    ``failed``: all other answers, and requests without one."""

    acknowledged: list[str] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    retry_after: set[str] = field(default_factory=set)

    @property
    def seconds(self) -> float:
        """From the first 503 to the last."""
        return self.closed[-1] - self.closed[0] if self.closed else 0.0

    def __str__(self) -> str:
        failed = f", {len(self.failed)} failed ({self.failed[0]})" if self.failed else ", none failed"
        return f"{len(self.acknowledged)} written, {len(self.closed)} got a 503 within {self.seconds:.1f} s{failed}"


class Writer:
    """Writes while the block runs, by the port of the machine that serves when it begins."""

    def __init__(self, run: Run) -> None:
        self._port, self._host = run.machine.ports[443], urlsplit(run.site.site.site_url).hostname
        self._context = ssl.create_default_context(cafile=str(run.site.trusted))
        self._cookies: dict[str, str] = {}
        self.written = Written()
        self._ended = threading.Event()
        token = self._token(LOGIN)
        form = {"username": USER, "password": run.site.password, "csrfmiddlewaretoken": token, "next": ADD}
        status, _, _ = self._ask("POST", LOGIN, form)
        if status != 302:
            raise SlipwayError(f"the admin's login answers {status}")
        self._form_token = self._token(ADD)

    def __enter__(self) -> Written:
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self.written

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _write(self) -> None:
        written, number = self.written, 0
        while not self._ended.wait(INTERVAL):
            number += 1
            name = f"{NAME}{number}"
            try:
                status, headers, _ = self._ask("POST", ADD, {"name": name, "csrfmiddlewaretoken": self._form_token})
            except (OSError, http.client.HTTPException) as error:
                written.failed.append(f"{type(error).__name__}: {error}")
                continue
            if status == 302:
                written.acknowledged.append(name)
            elif status == 503:
                written.closed.append(time.monotonic())
                written.retry_after.add(headers.get("Retry-After", ""))
            else:
                written.failed.append(str(status))

    def _token(self, path: str) -> str:
        status, _, text = self._ask("GET", path)
        match = TOKEN.search(text)
        if status != 200 or not match:
            raise SlipwayError(f"{path} answers {status}, without a form")
        return match[1]

    def _ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = Named(self._port, self._host, self._context)
        headers = {"Host": self._host, "Referer": f"https://{self._host}{path}"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers, text
