"""Runs the verb that the command line names; a person sees one line of what went wrong, and no traceback."""

import argparse
import importlib
import pkgutil
import sys
from types import ModuleType

from slipway.tool import commands as verbs
from slipway.web.errors import SlipwayError

INTERRUPTED = 130  # as a shell reports a process that SIGINT ended


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    names = _names()
    # The verb that is named is the only one loaded; the list of all needs every line of help.
    wanted = [name for name in arguments[:1] if name in names] or names
    parser = argparse.ArgumentParser(
        prog="python -m slipway.tool.commands", description="Everything one does with a site."
    )
    choices = parser.add_subparsers(metavar="VERB", required=True)
    for name in wanted:
        verb = _load(name)
        subparser = choices.add_parser(name, help=verb.help, description=verb.help)
        verb.add_arguments(subparser)
        subparser.set_defaults(run=verb.run)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("slipway: interrupted", file=sys.stderr)
        return INTERRUPTED


def _names() -> list[str]:
    modules = (module.name for module in pkgutil.iter_modules(verbs.__path__))
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))


def _load(name: str) -> ModuleType:
    return importlib.import_module(f"{verbs.__name__}.{name.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main())
