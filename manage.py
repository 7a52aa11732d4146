#!/usr/bin/env python
"""Django's command line, for the project that site.yml names."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from deploy.errors import SlipwayError
from deploy.guard import require_offload_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    # A project whose packages lie side by side in project/ imports them by their own names.
    sys.path.insert(1, str(Path(__file__).resolve().parent / "project"))
    try:
        require_offload_line()
        execute_from_command_line(sys.argv)
    except (SlipwayError, ImproperlyConfigured) as error:
        sys.exit(f"slipway: {error}")


if __name__ == "__main__":
    main()
