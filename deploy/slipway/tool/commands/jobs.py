"""`make jobs [RUN=name]`: the jobs of `schedule`, how each ended and when it runs next; or runs one now."""

import argparse
import json
from collections.abc import Sequence

from slipway.tool import config
from slipway.tool.phases import phase
from slipway.tool.server.connection import Connection

help = "list the jobs of site.yml, or run one now; exit status 1 when one has failed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", dest="job", default="", metavar="NAME", help="run this one now")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    connection = Connection(site)
    if options.job:
        # It goes on when this command is interrupted.
        with phase(f"Run the job {options.job} on {site.host}"):
            print(f"    {connection.agent('jobs', options.job)}")
        return 0
    jobs = json.loads(connection.agent("jobs"))
    print("\n".join(table(jobs)))
    return 1 if any(failed(job) for job in jobs) else 0


def table(jobs: Sequence[dict]) -> list[str]:
    if not jobs:
        return ["no jobs; `schedule` in site.yml names them"]
    rows = [("job", "when", "last", "next")]
    rows += [(job["name"], job["when"], last(job), job["next"] or "-") for job in jobs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return lines + [f"{job['name']}: {job['last']['why']}" for job in jobs if failed(job)]


def last(job: dict) -> str:
    """What it does now, or how its last run ended."""
    if job["state"] != "idle":
        return job["about"].removeprefix(f"the job {job['name']} ")
    if not job["last"]:
        return "never"
    return f"{job['last']['result']} after {job['last']['seconds']:.1f} s, {job['last']['began']}"


def failed(job: dict) -> bool:
    return bool(job["last"]) and job["last"]["result"] == "failed"
