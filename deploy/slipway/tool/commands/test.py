"""`make test`: the project's own tests, and the checks of any project before a deploy."""

import argparse
import tempfile
from pathlib import Path

from slipway.tool import config, front_end
from slipway.tool.phases import phase
from slipway.tool.project_checks import ProjectChecks
from slipway.tool.server import site_nginx

help = "run the project's own tests and the checks of a deploy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("arguments", nargs="*", help="for the project's test runner, after --")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    site_nginx.read(site.project)
    front_end.require(site)
    with tempfile.TemporaryDirectory(prefix="slipway-test-") as directory:
        checks = ProjectChecks(site, Path(directory))
        with phase("Check the settings of production"):
            for line in (*checks.settings(), *checks.check()):
                print(f"  {line}")
            checks.wsgi()
        with phase("Check for changed models without a migration"):
            checks.missing_migrations()
        if site.build:
            # Before the tests: pages of a project with django-vite need its manifest.
            with phase(f"Build the front end: {site.build}"):
                checks.build_front_end()
        with phase("Run the project's tests"):
            if not checks.tests(options.arguments):
                print("  it has none")
        with phase("Build the static files, and push none"):
            for line in checks.build():
                print(f"  {line}")
        with phase("Pack the release"):
            checks.pack()
    print(f"{site.settings} passes: `make deploy` can deploy it")
    return 0
