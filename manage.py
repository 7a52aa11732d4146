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

from slipway.web.errors import SlipwayError  # noqa: E402
from slipway.web.guard import require_offload_line  # noqa: E402


def main() -> None:
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        # On the server and in a build the environment says all; here site.yml does.
        from slipway.tool import config

        site = config.load()
        os.environ.update({"DJANGO_SETTINGS_MODULE": site.settings, **site.extra, **os.environ})
    try:
        require_offload_line()
        execute_from_command_line(sys.argv)
    except (SlipwayError, ImproperlyConfigured) as error:
        sys.exit(f"slipway: {error}")


if __name__ == "__main__":
    main()
