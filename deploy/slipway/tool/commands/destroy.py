"""`make destroy`: deletes what `make cdn` made. It asks for confirmation, and for the uploads' bucket separately."""

import argparse
import sys

from slipway.tool import config
from slipway.tool.aws.errors import AGAIN
from slipway.tool.cdn import destroy
from slipway.tool.providers import by_hand
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

help = "delete what make cdn made; asks first, and again for the uploads"
interrupted = f"interrupted; {AGAIN}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--media", action="store_true", help="the uploads too, without asking")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    by_hand.check("destroy", site)
    secrets, media = Secrets.find(site), options.media
    bucket, objects, size = destroy.uploads(site)
    planned = destroy.destroy(site, secrets, media=True, dry=True, say=_say)
    if not planned.changes:
        print(f"nothing to destroy: this account has nothing that `make cdn` made for {site.domain}")
        return 0
    for line in planned.changes:
        print(f"    {line}")
    if not options.yes and _ask(f"Type {site.domain} to destroy this: ") != site.domain:
        raise SlipwayError("nothing was destroyed; without a terminal, YES=1 confirms it")
    if bucket and objects and not media:
        uploads = f"{objects:,} uploads and old versions of them ({size / 1e6:.1f} MB)"
        media = _ask(f"{bucket} holds {uploads}. Type {bucket} to lose them, or Enter to keep it: ") == bucket
    done = destroy.destroy(site, secrets, media=media or not objects, say=_say)
    for note in done.notes:
        print(f"note: {note}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _ask(question: str) -> str:
    """The answer from the terminal; "" without one."""
    try:
        return input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        return ""
