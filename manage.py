#!/usr/bin/env python
"""Django's command line, for the project that site.yml names."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# The project's own packages, then ours of this very checkout; nothing that lies beside this file is a module.
sys.path[:1] = [str(ROOT / name) for name in ("project", "deploy", "deploy/previous")]

from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import execute_from_command_line  # noqa: E402

from slipway.web import switch  # noqa: E402
from slipway.web.errors import SlipwayError  # noqa: E402
from slipway.web.guard import require_offload_line  # noqa: E402


def read_site() -> None:
    """Takes the settings module and `environment` from site.yml."""
    from slipway.tool import config

    if "DJANGO_SETTINGS_MODULE" in os.environ and not config.DEFAULT_PATH.is_file():
        return
    site = config.load()
    for name, value in site.extra.items():
        os.environ.setdefault(name, value)
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        os.environ["DJANGO_SETTINGS_MODULE"] = site.development_settings


def main() -> None:
    try:
        # On the server and in a build the environment says all; here site.yml does, and this shell over it.
        if switch.VARIABLE not in os.environ:
            read_site()
        require_offload_line()
        execute_from_command_line(sys.argv)
    except (SlipwayError, ImproperlyConfigured) as error:
        sys.exit(f"slipway: {error}")


if __name__ == "__main__":
    main()
