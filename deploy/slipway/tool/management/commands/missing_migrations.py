"""Fails when a model of the project's own apps has changed without a migration; packages' models are not checked."""

from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand

from slipway import ROOT


class Command(BaseCommand):
    help = "List missing migrations of the project's own apps; write none."
    # `check --deploy` reports the system checks.
    requires_system_checks = ()

    def handle(self, **options):
        own = [app.label for app in apps.get_app_configs() if Path(app.path).is_relative_to(ROOT / "project")]
        if own:
            call_command("makemigrations", *own, check_changes=True, dry_run=True, stdout=self.stdout)
