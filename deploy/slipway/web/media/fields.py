"""The model field for a photo that the browser uploads straight to the bucket."""

from typing import Any

from django.apps import apps
from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.db import models
from django.db.models import signals
from django.utils.functional import cached_property

from slipway.web.media.forms import ImageUploadFormField
from slipway.web.media.image import UploadedImage, Variant, trust
from slipway.web.media.removal import Column, discard_later
from slipway.web.media.review import PendingImage

__all__ = ["ImageUploadField", "UploadedImage", "Variant"]


class ImageUploadField(models.JSONField):
    """Holds an UploadedImage; the database keeps keys and dimensions as JSON.

    It accepts an image that ImageUploadFormField has checked, that ``store_image`` made, or that is from the database
    or a fixture. Keys from elsewhere, such as an API's JSON, are accepted only if the row has them already; saving
    others raises SuspiciousFileOperation, which Django answers with 400.

    An upload becomes public when its row is saved. Its objects are deleted once the row is deleted or holds another
    image, and no other row references them. Forms get ImageUploadFormField.
    """

    description = "An uploaded image"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            signals.pre_save.connect(self._trust_fixture, sender=cls)
            signals.post_delete.connect(self._discard, sender=cls)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        loaded = super().from_db_value(value, expression, connection)
        return trust(UploadedImage.from_json(loaded)) if isinstance(loaded, dict) else loaded

    def to_python(self, value: Any) -> Any:
        return _untrusted(value) or value

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.to_json() if isinstance(value, UploadedImage) else value)

    def value_to_string(self, obj: models.Model) -> Any:
        value = self.value_from_object(obj)
        return value.to_json() if isinstance(value, UploadedImage) else value

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(self._stored(value, model_instance) or value, model_instance)

    @cached_property
    def validators(self) -> list[Any]:
        return [*super().validators, self._validate_source]

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        self._validate_source(value)

    def _validate_source(self, value: Any, serializer_field: Any = None) -> None:
        """Also a validator: serializers of APIs call nothing else."""
        row = getattr(getattr(serializer_field, "parent", None), "instance", None)
        if not (_is_trusted(value) or self._stored(value, row)):
            raise ValidationError("This is not an image that was uploaded here.", code="invalid")

    # Django REST Framework then passes the serializer field, and with it the row.
    _validate_source.requires_context = True

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Publishes a pending upload. Raises UploadError when the store fails, or its content has changed since."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, PendingImage):
            published = value.publish()
            setattr(model_instance, self.attname, published)
            if value.replaced:
                discard_later(value.replaced, image_columns, model_instance._state.db)
            return published
        if stored := self._stored(value, model_instance):
            setattr(model_instance, self.attname, stored)
            return stored
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Every write passes here, updates and bulk operations too."""
        is_default = self.has_default() and value == self.get_default()
        if not (value is None or hasattr(value, "as_sql") or _is_trusted(value) or is_default):
            raise SuspiciousFileOperation(f"{self} accepts uploads and results of store_image, not {value!r:.100}")
        return super().get_db_prep_save(value, connection)

    def formfield(self, **kwargs: Any) -> Any:
        # JSONField's own would pass an encoder.
        return models.Field.formfield(self, **{"form_class": ImageUploadFormField, **kwargs})

    def _stored(self, value: Any, row: Any) -> UploadedImage | None:
        """The image that ``row`` has in the database, if ``value`` is an untrusted copy of it."""
        untrusted = _untrusted(value)
        if untrusted is None or not isinstance(row, models.Model) or row.pk is None:
            return None
        rows = self.model._base_manager.using(row._state.db).filter(pk=row.pk)
        stored = rows.values_list(self.attname, flat=True).first()
        return stored if stored == untrusted else None

    def _trust_fixture(self, instance: models.Model, raw: bool, **_: Any) -> None:
        untrusted = _untrusted(getattr(instance, self.attname))
        if raw and untrusted:
            setattr(instance, self.attname, trust(untrusted))

    def _discard(self, instance: models.Model, using: str, origin: Any = None, **_: Any) -> None:
        image = getattr(instance, self.attname)
        if isinstance(image, UploadedImage) and image.trusted:
            discard_later(image, image_columns, using, origin)


def image_columns() -> list[Column]:
    """Every model and field that holds images."""
    return [
        (model, field.attname)
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for field in model._meta.local_fields
        if isinstance(field, ImageUploadField)
    ]


def _is_trusted(value: Any) -> bool:
    return isinstance(value, PendingImage) or (isinstance(value, UploadedImage) and value.trusted)


def _untrusted(value: Any) -> UploadedImage | None:
    """The image that ``value`` describes without being trusted; None where it describes none, or is trusted."""
    if isinstance(value, UploadedImage):
        return None if value.trusted else value
    try:
        return UploadedImage.from_json(value) if isinstance(value, dict) else None
    except (KeyError, TypeError):
        return None
