"""Writes the paths that take a password, as release.json will have them."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand

from slipway.tool.pack import sign_in


class Command(BaseCommand):
    help = "Write the paths that take a password, as a JSON list of regular expressions."

    def add_arguments(self, parser):
        parser.add_argument("target", type=Path, help="the file to write")

    def handle(self, target: Path, **options) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(sign_in.paths()))
