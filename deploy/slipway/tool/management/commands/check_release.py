"""Rejects settings and migrations of a release that its server must not get: one process, since Django loads once."""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from slipway.tool.management.commands import check_migrations


class Command(BaseCommand):
    help = "Check the settings; then the migrations, as soon as stdin has the applied ones."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--config", required=True, help="the site.yml of the deploy")
        parser.add_argument("--allow-unsafe", action="store_true", help="report what would break, and reject nothing")

    def handle(self, config: str, allow_unsafe: bool, **options) -> None:
        printed = {"stdout": self.stdout, "stderr": self.stderr}
        call_command("check_settings", config=config, **printed)
        call_command("check_migrations", applied=check_migrations.STDIN, allow_unsafe=allow_unsafe, **printed)
