"""`make db [COMMAND=psql|dump|load|pull]`: the site's database, by the site's own role."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from slipway.tool import config
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

help = "psql on the server; dump to a file, load a file, or pull into the local database"
COMMANDS = ("psql", "dump", "load", "pull")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=COMMANDS, default="psql")
    parser.add_argument("--file", type=Path, help="the dump to write or to load")
    parser.add_argument("--yes", action="store_true", help="load without asking")


def run(options: argparse.Namespace) -> int:
    from slipway.tool.backups import database, local

    site = config.load()
    connection = Connection(site)
    match options.what:
        case "psql":
            line = connection.command("slipway db psql", terminal=sys.stdin.isatty())
            return subprocess.run(line, check=False).returncode
        case "dump":
            file = options.file or Path(f"{site.name}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.dump")
            size = database.dump(connection, file)
            print(f"{file}: {size / 1e6:.1f} MB, and it holds your visitors' data; `make db COMMAND=load FILE={file}`")
        case "load":
            if not options.file:
                raise SlipwayError("FILE: missing; name the dump, as in `make db COMMAND=load FILE=site.dump`")
            database.check(options.file)
            if not options.yes:
                _confirm(site, options.file)
            print(database.load(connection, options.file))
        case "pull":
            for each in local.pull(connection):
                print(each)
    return 0


def _confirm(site: config.Site, file: Path) -> None:
    question = f"{file} replaces the database of {site.site_url}. Type {site.domain} to load it: "
    try:
        typed = input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        typed = ""
    if typed != site.domain:
        raise SlipwayError("nothing was loaded; without a terminal, YES=1 confirms it")
