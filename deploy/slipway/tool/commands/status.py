"""`make status`: the state of the server and its site."""

import argparse
import json

from slipway.tool import config
from slipway.tool.commands import jobs
from slipway.tool.server.connection import Connection

help = "show the state of the server and its site; exit status 1 when anything is wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the agent's output")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 when anything is wrong, with a line for each problem."""
    site = config.load()
    text = Connection(site).agent("status")
    data = json.loads(text)
    # An agent of an earlier version reports failed units only.
    data.setdefault("problems", data.get("failed", []))
    print(text if options.json else "\n".join(lines(site, data)))
    return 1 if data["problems"] else 0


def lines(site: config.Site, data: dict) -> list[str]:
    """The status as text."""
    memory = data["memory"]
    shown = [
        f"site         {site.site_url}",
        f"release      {data['release'] or 'none yet'}{', since ' + data['activated'] if data['activated'] else ''}",
        f"memory       {memory['available']} MB of {memory['total']} available, {memory['swap']} MB of swap in use",
        f"disk         {data['disk_free']} MB free",
        f"load         {data['load']:.2f}",
        f"certificate  {data['certificate'] or 'none'}",
    ]
    shown += backups(data.get("backup", {}))
    shown += alarms(data.get("alarms"))
    if closed := data.get("maintenance"):
        shown.append(f"maintenance  since {closed['since']}: visitors get 503.html; `make maintenance OFF=1` ends it")
    for job in data.get("jobs", []):
        shown.append(f"job {job['name']:<8} {jobs.last(job)}; next {job['next'] or 'never'}")
    if data.get("lock"):
        shown.append(f"deploy lock  held by {data['lock']}")
    for service in data["services"]:
        used = f"{service['memory']} MB" if service["memory"] is not None else "-"
        restarts = f", restarted {service['restarts']} times by itself" if service["restarts"] else ""
        shown.append(f"{service['name'].removesuffix('.service'):<26}{service['state']:<10}{used:>8}{restarts}")
    return shown + [f"WRONG        {problem}" for problem in data["problems"]]


def backups(data: dict) -> list[str]:
    """Two lines about the backups; none for a server of an earlier version."""
    if data.get("kind") not in ("wal", "dump"):
        return ["backups      none, as site.yml says"] if data.get("kind") == "none" else []
    full, diff, dump = (data[each] for each in ("full", "diff", "dump"))
    if data["kind"] == "dump":
        said = [f"dump {_made(dump)}" if dump else "no dump yet"]
    else:
        said = [f"full {_made(full)}" if full else "no full backup yet"]
        said += [f"differential {_made(diff)}"] if full and diff and diff["began"] > full["began"] else []
    if running := data["running"]:
        said.append(f"a {running['kind']} one runs since {running['began']}, {running['percent']} %")
    lines = [f"backups      {'; '.join(said)}"]
    if data["waiting"] is not None:
        waits = f"the oldest WAL that is not archived is {data['waiting']} s old"
        lines.append(f"archive      generation {data['generation'] or 'none yet'}, {waits}")
    return lines


def alarms(data: dict | None) -> list[str]:
    """A line about who is told of problems; none for a server of an earlier version."""
    if data is None:
        return []
    if not data:
        return ["alarms       nobody is told; docs/alarms.md"]
    told = [f"{name} (takes none)" if error else name for name, error in data["receivers"].items()]
    told += ["heartbeat"] if data["heartbeat"] else []
    more = [f"{len(data['open'])} open"] if data["open"] else []
    more += [f"{data['waiting']} messages wait"] if data["waiting"] else []
    return [f"alarms       {'; '.join([', '.join(told), *more])}"]


def _made(backup: dict) -> str:
    return f"{backup['began']} ({backup['stored'] / 1e6:.1f} MB, {backup['seconds']:.0f} s)"
