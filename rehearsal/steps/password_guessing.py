"""A password list for the account that the proof signs in as, from an address that nobody has signed in from."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from yarl import URL

from rehearsal.host import Host
from tests.smoke.client import Client, new_run
from tests.smoke.options import Options
from tests.smoke.signin import USUAL, read_form, sign_in

PROGRAM = Path(__file__).with_name("send_guesses.py")
# More than nginx lets through and keeps waiting together.
TRIES = 24
# What send_guesses.py writes its guesses in the place of.
PASSWORD = "guess"


@dataclass(frozen=True, slots=True)
class Seen:
    """``answered`` are status and Retry-After of each guess; ``told`` the addresses in the log's lines of them."""

    answered: tuple[tuple[int, str], ...]
    told: tuple[str, ...]

    @property
    def refused(self) -> list[str]:
        """When those who were refused are to come back."""
        return [retry for status, retry in self.answered if status == 429]

    @property
    def looked_at(self) -> int:
        return sum(status < 400 for status, _ in self.answered)

    @property
    def held(self) -> bool:
        """Each guess was either wrong or refused until a time, and somebody was refused."""
        refused = self.refused
        return all(map(str.isdigit, refused)) and 0 < len(refused) == len(self.answered) - self.looked_at


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


async def owner(options: Options) -> str:
    """Why who knows the password does not get in; "" when he does."""
    async with Client(options, new_run(), cookies=True) as client:
        problem, _ = await sign_in(client, options, [])
    return problem


def guess(host: Host, asked: dict, account: str) -> Seen:
    """Sends it from the host itself, and reads what the site's log has of it."""
    began = host.run("date +%s").strip()
    answers = json.loads(host.run(f"python3 - {shlex.quote(json.dumps(asked))}", PROGRAM.read_text()))
    log = host.run(f"journalctl --quiet --no-pager --output=cat --unit=slipway --since=@{began}")
    told = re.findall(rf'^sign-in failed: account="{re.escape(account)}" address=(\S+)$', log, re.M)
    return Seen(tuple((each["status"], each["retry"]) for each in answers), tuple(told))
