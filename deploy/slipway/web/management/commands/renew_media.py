"""Gives every published upload the headers that a new one gets: `make shell COMMAND=renew_media`."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from slipway.web.media.backends import media
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.fields import image_columns
from slipway.web.media.image import UploadedImage
from slipway.web.prefixes import PUBLIC_PREFIX


class Command(BaseCommand):
    """Uploads keep the headers of the day that they were made. May be run again: what is right stays as it is."""

    help = "gives every published upload the headers that a new one gets; purge the media host afterwards"

    def handle(self, *args: Any, **options: Any) -> None:
        keys = dict.fromkeys(_keys())
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


def _keys() -> Iterator[str]:
    """The bucket keys of all uploads that the database names: of images, and of other file fields."""
    for model, field in image_columns():
        for image in model._base_manager.values_list(field, flat=True).iterator():
            yield from image.keys if isinstance(image, UploadedImage) else ()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, models.FileField) and _is_ours(field):
                for name in model._base_manager.values_list(field.attname, flat=True).iterator():
                    yield from [PUBLIC_PREFIX + name] if name else []


def _is_ours(field: models.FileField) -> bool:
    # django-storages takes 9 MB: it is loaded where the site uses it.
    from slipway.web.media.files import FileStorage

    return isinstance(field.storage, FileStorage)
