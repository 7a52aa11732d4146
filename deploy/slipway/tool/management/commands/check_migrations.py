"""Rejects migrations that would break the running code."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from slipway.tool.builder import MIGRATED, UNSAFE
from slipway.tool.migration_check import find_unsafe, rejection
from slipway.tool.migration_check.migrated import is_migrated
from slipway.web.errors import SlipwayError

# In place of a file: one line, which is empty where no code runs.
STDIN = "-"


class Command(BaseCommand):
    help = "Reject migrations, of those that a server has not applied, that would break the running code there."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--applied", required=True, help="a file, or -: the server's app.name as a JSON list")
        parser.add_argument("--allow-unsafe", action="store_true", help="report what would break, and reject nothing")

    def handle(self, applied: str, allow_unsafe: bool, **options) -> None:
        try:
            text = sys.stdin.readline() if applied == STDIN else Path(applied).read_text()
            if applied == STDIN and not text.strip():
                return
            names = [tuple(name.split(".", 1)) for name in json.loads(text)]
        except OSError as error:
            raise SlipwayError(f"{applied}: cannot be read: {error.strerror}") from None
        except (ValueError, AttributeError, TypeError):
            raise SlipwayError(f"{applied}: expected a JSON list of names like wall.0001_initial") from None
        found = find_unsafe(names)
        for finding in found:
            self.stderr.write(str(finding))
        if found and not allow_unsafe:
            raise rejection(found)
        if found:
            # The deploy backs the database up first.
            self.stdout.write(f"{UNSAFE}{len(found)}")
        if is_migrated(names):
            self.stdout.write(MIGRATED)
