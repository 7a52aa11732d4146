"""The keys by which a site changes its server: each value arrives there, and the next deploy finds nothing to do."""

import re
import shlex

from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from rehearsal.server_site import BARE, SITE
from slipway import ROOT
from slipway.tool.server.layout import LAYOUT

KEYS = {
    # DNS knows it: it redirects otherwise.
    "aliases": [BARE],
    "timeout": 45,
    "max_body_mb": 3,
    "memory": {"nginx": 24},
    "vars": {"base_log_mb": 5, "nginx_sign_in_burst": 21},
}
TOLD = "hooks.txt"
HOOKS = dict.fromkeys(("before_build", "before_switch", "after_deploy", "failed"), f'echo "$SLIPWAY_HOOK" >> {TOLD}')


# The server has no curl: it prints the status of a request to itself.
REQUEST = """import http.client, ssl, sys
host, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = http.client.HTTPSConnection(host, context=ssl._create_unverified_context())
connection._create_connection = lambda address, *rest: __import__("socket").create_connection(("127.0.0.1", 443))
connection.request("POST" if size else "GET", path, b"0" * size if size else None)
print(connection.getresponse().status)
"""


def _request(host: str, path: str = "/", size: int = 0) -> str:
    return f"python3 -c {shlex.quote(REQUEST)} {host} {path} {size}"


# A command of the server, and what its output matches.
ASKED = {
    "An alias answers as the site does": (_request(BARE, "/healthz/ready"), r"200"),
    "nginx waits as long as `timeout`": (f"grep -c 'proxy_read_timeout 45s;' {LAYOUT.nginx_conf}", r"1"),
    "Gunicorn has the same seconds": (
        f"tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID {LAYOUT.site_unit})/environ | grep SLIPWAY_TIMEOUT",
        r"SLIPWAY_TIMEOUT=45",
    ),
    "A release waits for requests as long": (f"systemctl show -P TimeoutStopUSec {LAYOUT.site_unit}", r"55s"),
    "A form of 2 MB arrives": (_request(SITE, size=2_000_000), r"(?!413)\d+"),
    "One of 4 MB is a 413": (_request(SITE, size=4_000_000), r"413"),
    "nginx has the memory of `memory`": ("systemctl show -P MemoryMax nginx", str(24 * 3 * 1024 * 1024)),
    "A role has its variable of `vars`": (f"systemctl show -P Environment {LAYOUT.disk_unit}", r".*\bLOG_MB=5\b.*"),
}


def deploy_own_keys(run: Run, phase: Phase) -> None:
    told = run.site.directory / TOLD
    told.unlink(missing_ok=True)
    run.site.describe(**KEYS, hooks=HOOKS)
    run.command("own-keys", phase, "deploy")
    release = run.host.run(f"basename $(readlink {LAYOUT.current})").strip()
    for what, (command, wanted) in ASKED.items():
        answer = run.host.run(command).strip()
        run.log.check(what, bool(re.fullmatch(wanted, answer)), answer)
    run.site.describe(**KEYS, hooks=HOOKS | {"before_switch": "exit 3"})
    status, output = run.log.run("hook-fails", tool("deploy", "--no-smoke"), env=run.site.deployer("admin"), cwd=ROOT)
    serves = run.host.run(f"basename $(readlink {LAYOUT.current})").strip()
    run.log.check(
        "A hook that fails before the switch stops the deploy",
        bool(status) and serves == release and "`exit 3` failed with exit status 3" in output,
        f"exit status {status}, {serves} serves",
    )
    lines = told.read_text().split()
    run.log.check(
        "Each hook runs at its step",
        lines == ["before_build", "before_switch", "after_deploy", "before_build", "failed"],
        ", ".join(lines),
    )
    run.site.describe(**KEYS)
    again = run.command("own-keys-again", phase, "deploy", "--provision", "--no-smoke")
    changed = re.search(r"(\d+) changed;", again)
    run.log.check(
        "With them the playbook changes nothing", bool(changed and changed[1] == "0"), changed[0] if changed else again
    )
    run.site.describe()
    run.command("own-keys-off", phase, "deploy", "--no-smoke")
