"""Gives every published upload the headers that a new one gets: `make shell COMMAND=renew_media`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slipway.web.media.backends import media
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.rows import named_objects


class Command(BaseCommand):
    """Uploads keep the headers of the day that they were made. May be run again: what is right stays as it is."""

    help = "gives every published upload the headers that a new one gets; purge the media host afterwards"

    def handle(self, *args: Any, **options: Any) -> None:
        keys = dict.fromkeys(key for *_, keys in named_objects() for key in keys)
        renewed = missing = 0
        for key in keys:
            try:
                renewed += media().renew(key)
            except UploadError as error:
                if str(error) != GONE:
                    raise CommandError(f"{key}: {error} {renewed} of the uploads before it were renewed.") from None
                missing += 1
        gone = f"; {missing} are not in the bucket" if missing else ""
        self.stdout.write(f"{len(keys)} uploads: {renewed} renewed{gone}")
