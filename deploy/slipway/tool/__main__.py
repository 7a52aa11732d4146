"""``python -m slipway.tool COMMAND``: each command is a module of slipway.tool.commands.

An error is one line on stderr, without a traceback.
"""

import argparse
import importlib
import pkgutil
import sys
from types import ModuleType

from slipway.tool import commands
from slipway.web.errors import SlipwayError

INTERRUPTED = 130  # as a shell reports a process that SIGINT ended


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    names = _names()
    # Load the named command alone; only the list of all needs every line of help.
    wanted = [name for name in arguments[:1] if name in names] or names
    parser = argparse.ArgumentParser(prog="python -m slipway.tool", description="Build, deploy and operate a site.")
    choices = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in wanted:
        command = _load(name)
        subparser = choices.add_parser(name, help=command.help, description=command.help)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run, interrupted=getattr(command, "interrupted", "interrupted"))
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"slipway: {options.interrupted}", file=sys.stderr)
        return INTERRUPTED


def _names() -> list[str]:
    modules = (module.name for module in pkgutil.iter_modules(commands.__path__))
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))


def _load(name: str) -> ModuleType:
    return importlib.import_module(f"{commands.__name__}.{name.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main())
