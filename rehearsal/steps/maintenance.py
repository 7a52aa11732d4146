"""make maintenance ON=1: visitors get the 503 page, through a deploy and a reboot, until OFF=1."""

import re
from urllib.parse import urlsplit

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps import upgrades
from slipway.tool.server.layout import LAYOUT


def close(run: Run, phase: Phase) -> None:
    page = (run.site.site.paths or ["/"])[0]
    before = run.visit(page)
    said = run.command("maintenance-on", phase, "maintenance", "--on")
    way_in = urlsplit(re.search(r"lets your browser in: (\S+)", said)[1]).path
    closed = run.visit(page)
    run.log.check(
        "During maintenance a visitor gets the 503 page, with a Retry-After",
        (closed.status, closed.headers["Retry-After"]) == (503, "300") and bool(closed.text),
        f"{closed.status}, Retry-After {closed.headers['Retry-After']}; {before.status} before",
    )
    cookie = (run.visit(way_in).headers["Set-Cookie"] or "").split(";")[0]
    inside = run.visit(page, Cookie=cookie)
    ready = run.visit("/healthz/ready")
    run.log.check(
        "Its owner and a load balancer get in",
        (inside.status, ready.status) == (before.status, 200),
        f"with the cookie {inside.status}, /healthz/ready {ready.status}",
    )
    said = run.command("deploy-in-maintenance", phase, "deploy")
    run.log.check(
        "A deploy goes on, and says that nothing is proved", "left out (maintenance is on)" in said, said[-60:].strip()
    )
    upgrades.reboot(run, phase)
    after = run.visit(page)
    run.log.check("It stays on through a deploy and a reboot", after.status == 503, str(after.status))
    run.command("maintenance-off", phase, "maintenance", "--off")
    opened = run.visit(page)
    left = run.host.run(f"test ! -s {LAYOUT.nginx_page}/maintenance.conf && echo none || echo one").strip()
    run.log.check(
        "OFF=1 opens the site, and leaves nothing behind",
        opened.status == before.status and left == "none",
        f"{opened.status}; {left} of its files is left",
    )
