"""Which objects in the bucket the database's rows name."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from slipway.web.media.fields import image_columns
from slipway.web.media.image import UploadedImage
from slipway.web.prefixes import PUBLIC_PREFIX


def named_objects() -> Iterator[tuple[type[models.Model], Any, list[str]]]:
    """Each row that names uploads: its model, its primary key, and the bucket keys of images or of another file."""
    for model, field in image_columns():
        for pk, image in model._base_manager.values_list("pk", field).iterator():
            if isinstance(image, UploadedImage):
                yield model, pk, image.keys
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, models.FileField) and _is_ours(field):
                for pk, name in model._base_manager.values_list("pk", field.attname).iterator():
                    if name:
                        yield model, pk, [PUBLIC_PREFIX + name]


def _is_ours(field: models.FileField) -> bool:
    # django-storages takes 9 MB: it is loaded where the site uses it.
    from slipway.web.media.files import FileStorage

    return isinstance(field.storage, FileStorage)
