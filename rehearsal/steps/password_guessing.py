"""A password list for the account that the proof signs in as, from an address that nobody has signed in from."""

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
from tests.smoke.client import Client, new_run
from tests.smoke.options import Options
from tests.smoke.signin import USUAL, read_form, sign_in

PROGRAM = Path(__file__).with_name("send_guesses.py")
# More than nginx lets through and keeps waiting together.
TRIES = 24
# What send_guesses.py writes its guesses in the place of.
PASSWORD = "guess"


@dataclass(frozen=True, slots=True)
class Result:
    """``answers`` are status and Retry-After of each guess; ``logged`` the addresses in the log's lines of them."""

    answers: tuple[tuple[int, str], ...]
    logged: tuple[str, ...]

    @property
    def retries(self) -> list[str]:
        """Retry-After of each guess that was rejected unread."""
        return [retry for status, retry in self.answers if status == 429]

    @property
    def tried(self) -> int:
        return sum(status < 400 for status, _ in self.answers)

    @property
    def held(self) -> bool:
        """Each guess was either wrong or rejected until a time, and at least one was rejected."""
        retries = self.retries
        return all(map(str.isdigit, retries)) and 0 < len(retries) == len(self.answers) - self.tried


async def request(options: Options) -> dict | None:
    """What send_guesses.py sends; None where the usual paths have no login form."""
    async with Client(options, new_run(), cookies=True) as client:
        for path in USUAL:
            page = await client.ask(urljoin(options.site, path))
            form = read_form(page, options.login[0], PASSWORD)
            if form:
                cookies = client.session.cookie_jar.filter_cookies(URL(form.action)).values()
                cookie = "; ".join(f"{each.key}={each.value}" for each in cookies)
                headers = {"Cookie": cookie, "Referer": form.page, "Accept": "text/html"}
                return {"url": form.action, "fields": form.fields, "headers": headers, "tries": TRIES}
    return None


async def sign_in_meanwhile(options: Options) -> str:
    """Why who knows the password does not get in; "" when he does."""
    async with Client(options, new_run(), cookies=True) as client:
        problem, _ = await sign_in(client, options, [])
    return problem


def guess(host: Host, asked: dict, account: str) -> Result:
    """Sends it from the host itself, and reads what the site's log has of it."""
    began = host.run("date +%s").strip()
    answers = json.loads(host.run(f"python3 - {shlex.quote(json.dumps(asked))}", PROGRAM.read_text()))
    log = host.run(f"journalctl --quiet --no-pager --output=cat --unit=slipway --since=@{began}")
    logged = re.findall(rf'^sign-in failed: account="{re.escape(account)}" address=(\S+)$', log, re.M)
    return Result(tuple((each["status"], each["retry"]) for each in answers), tuple(logged))


def guess_passwords(run: Run, phase: Phase) -> None:
    """A password list for the account that the proof signs in as, while requests come in."""
    options = run.options()
    form = asyncio.run(request(options))
    what = "A password list is rejected until a time that it is told"
    if form is None:
        check_login(run, what, False, "the usual paths have no login form")
        return
    with run.under_load("a password list"):
        result = guess(run.host, form, options.login[0])
        problem = asyncio.run(sign_in_meanwhile(options))
    retries = ", ".join(sorted(set(result.retries), key=str))
    run.log.check(
        what,
        result.held and result.tried <= run.site.site.sign_in_tries,
        f"{result.tried} of {len(result.answers)} answered, {len(result.retries)} told to wait ({retries} s)",
    )
    run.log.check(
        "Each wrong password is a log line with its address",
        len(result.logged) >= result.tried > 0 and set(result.logged) == {run.machine.address},
        f"{len(result.logged)} lines, from {', '.join(sorted(set(result.logged))) or 'nobody'}",
    )
    run.log.check(
        "Who has signed in before signs in meanwhile", not problem, problem or "at once, from an address of before"
    )
