"""Loads Django, and runs another command when a line arrives on stdin: a deploy starts it while it waits for others."""

import argparse
import sys

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

# Begins before it is told: nothing that it does changes anything, and it reads the line itself.
AT_ONCE = ("check_release",)


class Command(BaseCommand):
    help = "Run another command of manage.py when a line arrives on stdin; nothing if stdin ends before."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def handle(self, name: str, arguments: list[str], **options) -> None:
        command = load_command_class(get_commands()[name], name)
        # What it imports when it runs.
        getattr(command, "load", lambda: None)()
        if name in AT_ONCE or sys.stdin.readline():
            command.run_from_argv(["manage.py", name, *arguments])
