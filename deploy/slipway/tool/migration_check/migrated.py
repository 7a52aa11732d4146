"""Whether `migrate` would change nothing. A deploy does without it then: it takes a second to load Django there."""

import weakref
from collections.abc import Collection, Iterator
from typing import Any

from django.core.management import get_commands
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import Signal

from slipway.tool.migration_check.steps import Key

# What their receivers make (permissions, content types, the first site) is of models, and a new model has a migration.
KNOWN = ("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites")


def is_migrated(applied: Collection[Key]) -> bool:
    """``applied`` are the database's own; the apps of this process are the release's.

    Only certain where every migration on the disk is applied by its own name, the command is Django's, and nobody else
    waits for its signals.
    """
    if get_commands()["migrate"] != "django.core" or not all(map(_is_known, _receivers())):
        return False
    return set(MigrationLoader(None).disk_migrations) <= set(applied)


def _receivers() -> Iterator[Any]:
    signals: tuple[Signal, ...] = (pre_migrate, post_migrate)
    for signal in signals:
        # The key, the receiver or a weak reference to it, and what later versions of Django add.
        for _, receiver, *_ in signal.receivers:
            yield receiver() if isinstance(receiver, weakref.ReferenceType) else receiver


def _is_known(receiver: Any) -> bool:
    module = getattr(receiver, "__module__", "")
    # None: what it referred to is gone.
    return receiver is None or any(module == name or module.startswith(f"{name}.") for name in KNOWN)
