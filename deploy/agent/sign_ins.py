"""Sign-in attacks, from the site's own log: each wrong password, and each try that had to wait, is a line of it.

nginx rejects most of an attack before it gets there (20 tries a minute and address), and logs one in a hundred of
those: what is counted here is what came through.
"""

import re
from collections import Counter
from collections.abc import Iterator

from agent import processes
from agent.problem import Problem
from agent.units import OVERLAP, SITE

SECONDS = 600
# People mistype: a large site has a few a minute. One address alone, at nginx's limit, reaches this in five minutes.
MANY = 100
# As slipway.web.sign_in.guard writes it.
LINE = re.compile(r"sign-in (?:failed|rejected): account=(.*) address=(\S+)")


def problems() -> Iterator[Problem]:
    since = (
        "--quiet",
        "--no-pager",
        "--output=cat",
        f"--since=-{SECONDS}s",
        "--grep=sign-in (failed|rejected): account=",
    )
    output = processes.output("journalctl", *since, f"_SYSTEMD_UNIT={SITE}", f"_SYSTEMD_UNIT={OVERLAP}")
    tries = [match.groups() for match in map(LINE.search, output.splitlines()) if match]
    if len(tries) < MANY:
        return
    accounts, addresses = (Counter(each) for each in zip(*tries, strict=True))
    account, times = accounts.most_common(1)[0]
    counts = f"{len(tries)} in {SECONDS // 60} minutes for {len(accounts)} accounts from {len(addresses)} addresses"
    what = f"passwords are guessed, {counts}, most for {account} ({times})"
    advice = "`make logs UNIT=site` shows the addresses, and `deny` in project/nginx/ shuts one out"
    yield Problem("sign-in attack", f"{what}; they are slowed down already: {advice}")
