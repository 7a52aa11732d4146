"""A password list for the proof's account, from an address that has never signed in."""

import asyncio
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from yarl import URL

from rehearsal.host import Host
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps.deploy import check_login
from static_smoke.http.client import Client, new_run
from static_smoke.options import Options
from static_smoke.site.login_form import read_form
from static_smoke.site.signin import USUAL, sign_in

PROGRAM = Path(__file__).with_name("send_guesses.py")
# More than nginx passes and queues together.
TRIES = 24
# The placeholder that send_guesses.py replaces.
PASSWORD = "guess"


@dataclass(frozen=True, slots=True)
class Result:
    """``answers`` are status and Retry-After of each guess; ``logged`` the addresses in their log lines."""

    answers: tuple[tuple[int, str], ...]
    logged: tuple[str, ...]

    @property
    def retries(self) -> list[str]:
        """Retry-After of each guess that was rejected without a check."""
        return [retry for status, retry in self.answers if status == 429]

    @property
    def tried(self) -> int:
        return sum(status < 400 for status, _ in self.answers)

    @property
    def passed(self) -> bool:
        """Each guess was wrong, or was rejected with a Retry-After, and at least one was."""
        retries = self.retries
        return all(map(str.isdigit, retries)) and 0 < len(retries) == len(self.answers) - self.tried


async def request(options: Options) -> dict | None:
    """The input of send_guesses.py; None where the usual paths have no login form."""
    async with Client(options, new_run(), cookies=True) as client:
        for path in USUAL:
            page = await client.request(urljoin(options.site, path))
            form = read_form(page, options.login[0], PASSWORD)
            if form:
                cookies = client.session.cookie_jar.filter_cookies(URL(form.action)).values()
                cookie = "; ".join(f"{each.key}={each.value}" for each in cookies)
                headers = {"Cookie": cookie, "Referer": form.page, "Accept": "text/html"}
                return {"url": form.action, "fields": form.fields, "headers": headers, "tries": TRIES}
    return None


async def sign_in_meanwhile(options: Options) -> str:
    """Why the right password fails to sign in; "" when it works."""
    async with Client(options, new_run(), cookies=True) as client:
        problem, _ = await sign_in(client, options, [])
    return problem


def guess(host: Host, form: dict, account: str) -> Result:
    """Sends the guesses from the host itself, and reads the site's log of them."""
    began = host.run("date +%s").strip()
    answers = json.loads(host.run(f"python3 - {shlex.quote(json.dumps(form))}", PROGRAM.read_text()))
    log = host.run(f"journalctl --quiet --no-pager --output=cat --unit=slipway --since=@{began}")
    logged = re.findall(rf'^sign-in failed: account="{re.escape(account)}" address=(\S+)$', log, re.M)
    return Result(tuple((each["status"], each["retry"]) for each in answers), tuple(logged))


def guess_passwords(run: Run, phase: Phase) -> None:
    """A password list for the proof's account, under load."""
    options = run.options()
    form = asyncio.run(request(options))
    what = "A password list is rejected, with a Retry-After"
    if form is None:
        check_login(run, what, False, "the usual paths have no login form")
        return
    with run.under_load("a password list"):
        result = guess(run.host, form, options.login[0])
        problem = asyncio.run(sign_in_meanwhile(options))
    retries = ", ".join(sorted(set(result.retries), key=str))
    run.log.check(
        what,
        result.passed and result.tried <= run.site.site.sign_in_tries,
        f"{result.tried} of {len(result.answers)} answered, {len(result.retries)} rejected, Retry-After ({retries} s)",
    )
    run.log.check(
        "Each wrong password is a log line with its address",
        len(result.logged) >= result.tried > 0 and set(result.logged) == {run.machine.address},
        f"{len(result.logged)} lines, from {', '.join(sorted(set(result.logged))) or 'nobody'}",
    )
    run.log.check("A known address signs in meanwhile", not problem, problem or "signed in at once")
