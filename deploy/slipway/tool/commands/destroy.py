"""`make destroy`: deletes what `make cdn` made. It asks for confirmation, and for uploads and backups separately."""

import argparse
import sys

from slipway.tool import config
from slipway.tool.aws.errors import AGAIN
from slipway.tool.cdn import destroy
from slipway.tool.providers import by_hand
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

help = "delete what make cdn made; asks first, and again for uploads and backups"
interrupted = f"interrupted; {AGAIN}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--media", action="store_true", help="the uploads too, without asking")
    parser.add_argument("--backups", action="store_true", help="the database's backups too, without asking")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    by_hand.check("destroy", site)
    secrets = Secrets.find(site)
    planned = destroy.destroy(site, secrets, media=True, backup=True, dry=True, say=_say)
    if not planned.changes:
        print(f"nothing to destroy: this account has nothing that `make cdn` made for {site.domain}")
        return 0
    held = destroy.held(site, _say)
    for line in planned.changes:
        print(f"    {line}")
    if not options.yes and _ask(f"Type {site.domain} to destroy this: ") != site.domain:
        raise SlipwayError("nothing was destroyed; without a terminal, YES=1 confirms it")
    lost = {one.kind for one in held if getattr(options, one.kind) or _may_go(one)}
    done = destroy.destroy(site, secrets, media="media" in lost, backup="backups" in lost, say=_say)
    for note in done.notes:
        print(f"note: {note}")
    return 0


def _may_go(held: destroy.Held) -> bool:
    """Asks for the bucket's name, unless there is nothing in it."""
    if not held.objects:
        return True
    what = "uploads" if held.kind == "media" else "files of the database's backups"
    sizes = f"{held.objects:,} {what} and old versions of them ({held.size / 1e6:.1f} MB)"
    return _ask(f"{held.bucket} holds {sizes}. Type {held.bucket} to lose them, or Enter to keep it: ") == held.bucket


def _say(line: str) -> None:
    print(line, flush=True)


def _ask(question: str) -> str:
    """The answer from the terminal; "" without one."""
    try:
        return input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        return ""
