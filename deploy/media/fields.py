"""The model field for a photo that the browser uploads straight to the bucket."""

import logging
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.signals import post_delete

from deploy.media.backends import media
from deploy.media.forms import ImageUploadFormField
from deploy.media.image import UploadedImage, Variant
from deploy.media.refusal import Refused
from deploy.media.review import PendingImage

__all__ = ["ImageUploadField", "UploadedImage", "Variant"]

log = logging.getLogger(__name__)


class ImageUploadField(models.JSONField):
    """Holds an UploadedImage; the database keeps keys and dimensions as JSON.

    An upload becomes public when its row is saved, and its objects are removed once the row is
    deleted or holds another image. Forms get ImageUploadFormField.
    """

    description = "An uploaded image"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            post_delete.connect(self._discard, sender=cls)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return _image(super().from_db_value(value, expression, connection))

    def to_python(self, value: Any) -> Any:
        return _image(value)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.to_json() if isinstance(value, UploadedImage) else value)

    def value_to_string(self, obj: models.Model) -> Any:
        value = self.value_from_object(obj)
        return value.to_json() if isinstance(value, UploadedImage) else value

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        if not isinstance(value, UploadedImage | PendingImage):
            raise ValidationError("This is not an uploaded image.", code="invalid")

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Publishes what a form left pending. Raises Refused when the store has changed its mind since."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, PendingImage):
            published = value.publish()
            setattr(model_instance, self.attname, published)
            if value.replaced:
                transaction.on_commit(partial(discard, value.replaced))
            return published
        return value

    def formfield(self, **kwargs: Any) -> Any:
        # JSONField's own would hand on an encoder.
        return models.Field.formfield(self, **{"form_class": ImageUploadFormField, **kwargs})

    def _discard(self, instance: models.Model, **_: Any) -> None:
        image = getattr(instance, self.attname)
        if isinstance(image, UploadedImage):
            transaction.on_commit(partial(discard, image))


def discard(image: UploadedImage) -> None:
    """Removes the image's objects; one that stays because the store is down is named in the log."""
    try:
        media().delete(image.keys)
    except Refused:
        log.error("%s: the objects of a deleted image are still in the bucket", image.key)


def _image(value: Any) -> Any:
    return UploadedImage.from_json(value) if isinstance(value, dict) else value
