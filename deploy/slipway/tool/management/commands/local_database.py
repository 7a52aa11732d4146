"""Prints which database this project has in development, as JSON: for `make db COMMAND=pull`."""

import json
from importlib import import_module

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    help = "Print the development database, the table of its sessions, and whether there is a certain command."

    def add_arguments(self, parser):
        parser.add_argument("hook", help="the command's name")

    def handle(self, hook: str, **options) -> None:
        keys = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
        found = {key: str(connection.settings_dict.get(key) or "") for key in keys}
        found |= {"vendor": connection.vendor, "settings": settings.SETTINGS_MODULE}
        self.stdout.write(json.dumps(found | {"sessions": sessions(), "hook": hook in get_commands()}))


def sessions() -> str:
    """The table in which the session engine keeps sessions; "" for one that keeps none in the database."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    try:
        return store.get_model_class()._meta.db_table
    except AttributeError:
        return ""
