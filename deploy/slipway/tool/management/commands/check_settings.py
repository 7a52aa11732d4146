"""Rejects settings that would weaken the site on its server, a database that would be read-only there, and a schedule
of commands that the project does not have."""

import os

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from slipway.tool import config, databases
from slipway.tool.settings_check import assignments, commands
from slipway.tool.settings_check.problems import Check
from slipway.web.errors import SlipwayError
from slipway.web.settings import dangerous

FIX = "correct it"
WAIVE = ", or write `waive: {%s: the reason}` in site.yml"


class Command(BaseCommand):
    help = "Reject settings that would weaken the site on its server, by file and line."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--config", required=True, help="the site.yml of the deploy")
        parser.add_argument("--demo", action="store_true", help="for a demo, which has secrets of its own")

    def handle(self, demo: bool, **options) -> None:
        site = config.load(options["config"])
        databases.reject_sqlite(settings.DATABASES, os.environ.get("DATABASE_URL", ""))
        if demo and site.seed and site.seed not in get_commands():
            raise SlipwayError(f"{site.path.name}: seed: the project has no command {site.seed}; take the line out")
        for line in commands.missing(site):
            raise SlipwayError(f"{site.path.name}: {line}")
        check = Check(settings, settings.SETTINGS_MODULE, assignments.read(settings.SETTINGS_MODULE), site)
        problems = check.problems()
        # A demo is not public: a weak key is only a warning, which says what a deploy would do.
        kept = [each for each in problems if demo and each.setting == "SECRET_KEY"]
        for warning in (*check.warnings(), *(f"{each}; a deploy rejects it" for each in kept)):
            self.stdout.write(f"warning: {warning}")
        for name, reason in site.waive.items():
            self.stdout.write(f"waived: {name} ({reason})")
        rejected = [each for each in problems if each not in kept]
        if rejected:
            first, *others = rejected
            more = "".join(f"; also {each.setting} ({each.place})" for each in others)
            waive = WAIVE % first.setting if first.setting in dangerous.WAIVABLE else ""
            raise SlipwayError(f"{first}; {FIX}{waive}{more}")
