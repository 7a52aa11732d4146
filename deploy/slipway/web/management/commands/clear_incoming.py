"""Removes uploads that nobody finished: a job of `schedule` in site.yml."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slipway.web.media.backends import media
from slipway.web.media.errors import UploadError
from slipway.web.media.limits import INCOMING_SECONDS


class Command(BaseCommand):
    """Where the bucket has a lifecycle rule for them (`make cdn` makes it), there is nothing left for this."""

    help = "removes incoming uploads that are older than a day"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            removed = media().clear_incoming(time.time() - INCOMING_SECONDS)
        except UploadError as error:
            raise CommandError(
                f"media/incoming: {error} The web process's key has to be allowed to list media/incoming/: `make cdn`"
            ) from None
        self.stdout.write(f"{removed} incoming uploads removed")
