"""`make adopt FROM=…`: takes a Django project into project/, and says what a person must decide."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from slipway import ROOT
from slipway.tool import config, front_end
from slipway.tool.adopt import exchange, review, site_yml
from slipway.tool.phases import phase
from slipway.tool.project_checks import ProjectChecks
from slipway.tool.requirements.lock import lock
from slipway.tool.server import site_nginx
from slipway.web.errors import SlipwayError

help = "take a Django project into project/, or judge the one that is there"
# The pages that a project without a front page may have, for the proof to start from.
FIRST_PAGES = ("/", "/admin/login/", "/accounts/login/")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", type=Path, help="the folder of the project")
    parser.add_argument("--judge", action="store_true", help="judge what is in project/")


def run(options: argparse.Namespace) -> int:
    if options.judge:
        return judge()
    if options.source is None:
        return 0
    with phase(f"Take {options.source} into project/, and resolve its packages"):
        told = exchange.adopt(options.source.expanduser(), ROOT, lambda: lock([], shipped=False))
        for line in (*told.done, *told.left):
            print(f"  {line}")
    return 0


def judge() -> int:
    """Prints what is left to do; 1 where the project cannot be deployed as it is."""
    site = config.load()
    wrong: list[str] = []
    with phase("Look for what a person must decide"):
        found = [*review.items(site.project)]
        for line in found:
            print(f"  {line}")
        print(f"  {len(found) or 'nothing'} to decide")
    with phase("Check the project as a deploy does, and build it"), tempfile.TemporaryDirectory() as directory:
        checks = ProjectChecks(site, Path(directory))
        for check in _checks(site, checks):
            try:
                for line in check():
                    print(f"  {line}")
            except SlipwayError as error:
                wrong.append(str(error))
                print(f"  ✗ {error}")
    if wrong:
        print(f"\n{len(wrong)} to mend, then `make adopt` again: the first is {wrong[0]}")
        return 1
    print(f"\n{site.settings} can be deployed. Next: `make demo` shows it, `make init` asks for your domain")
    return 0


def _checks(site: config.Site, checks: ProjectChecks) -> list[Callable[[], list[str]]]:
    def nothing(check: Callable[[], object]) -> Callable[[], list[str]]:
        def checked() -> list[str]:
            check()
            return []

        return checked

    first = [checks.settings, checks.check, nothing(checks.wsgi), nothing(checks.missing_migrations)]
    build = [nothing(lambda: front_end.require(site)), nothing(checks.build_front_end)] if site.build else []
    whole = [lambda: _front_page(site, checks), *build, checks.build, nothing(checks.pack)]
    return [nothing(lambda: site_nginx.read(site.project)), *first, *whole]


def _front_page(site: config.Site, checks: ProjectChecks) -> list[str]:
    """Names another page in site.yml where the project has none at /."""
    if site.paths:
        return []
    there = checks.pages(FIRST_PAGES)
    if "/" in there:
        return []
    if not there:
        raise SlipwayError(f"{site.path}: paths: the project has no page at /; name one of its pages, like [/shop/]")
    site_yml.name_front_page(site.path, there[0])
    return [f"site.yml: `paths: [{there[0]}]`, since the project has no page at /"]
