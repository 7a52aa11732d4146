"""The form field and widget for a photo; what the form submits is the upload's ticket."""

import json
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.urls import reverse

from slipway.web.media.errors import UploadError
from slipway.web.media.image import UploadedImage
from slipway.web.media.limits import MAX_PIXELS, MAX_SIDE, WIDTHS, original_bytes
from slipway.web.media.review import PendingImage, check
from slipway.web.media.ticket import Ticket

# The formats of the file dialog; the browser converts those that it can show and we do not accept to JPEG.
ACCEPT = "image/jpeg,image/png,image/webp,image/avif,image/heic,image/heif,image/gif"


class ImageUploadWidget(forms.Widget):
    """Chooses, shrinks and uploads a photo in the browser: progress, preview, error messages, retry."""

    template_name = "slipway/image_upload.html"
    use_fieldset = False

    class Media:
        css = {"all": ["slipway/image-upload.css"]}  # noqa: RUF012
        js = [  # noqa: RUF012
            forms.Script("slipway/photo-metadata.js", defer=True),
            forms.Script("slipway/photo-variants.js", defer=True),
            forms.Script("slipway/bucket-upload.js", defer=True),
            forms.Script("slipway/image-upload.js", defer=True),
        ]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        attrs = context["widget"]["attrs"]
        # A form that is shown again for another field's error keeps its upload.
        ticket = value if isinstance(value, str) and "aria-invalid" not in attrs else ""
        if ticket:
            attrs.pop("required", None)
        context["widget"] |= {
            "image": value if isinstance(value, UploadedImage) else None,
            "ticket": ticket,
            "sign_url": reverse("slipway-media:sign"),
            "limits": json.dumps(
                {"widths": WIDTHS, "maxBytes": original_bytes(), "maxPixels": MAX_PIXELS, "maxSide": MAX_SIDE}
            ),
            "accept": ACCEPT,
        }
        return context

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        # The widget's own error line stands beside Django's help text and errors.
        described = (attrs.get("aria-describedby"), f"{attrs.get('id', '')}_upload_error")
        return attrs | {"aria-describedby": " ".join(filter(None, described))}

    def format_value(self, value: Any) -> Any:
        return value

    def use_required_attribute(self, initial: Any) -> bool:
        return super().use_required_attribute(initial) and not initial


class ImageUploadFormField(forms.FileField):
    """Cleans to a PendingImage, or to the initial image where nothing new was uploaded.

    ``user`` must be set before the form is cleaned: an upload is accepted only from the user who made it.
    ImageUploadForm and ImageUploadAdmin do so.
    """

    widget = ImageUploadWidget
    default_error_messages = {"required": "Choose a photo."}  # noqa: RUF012
    user: Any = None

    def to_python(self, data: str | None) -> PendingImage | None:
        if data in self.empty_values:
            return None
        if self.user is None:
            raise ImproperlyConfigured("Set the user of an ImageUploadFormField, as ImageUploadForm does.")
        try:
            return check(Ticket.load(data, str(self.user.pk)))
        except UploadError as error:
            raise ValidationError(str(error), code="rejected") from None

    def clean(self, data: str | None, initial: Any = None) -> Any:
        cleaned = super().clean(data, initial)
        if isinstance(cleaned, PendingImage) and isinstance(initial, UploadedImage):
            return replace(cleaned, replaced=initial)
        return cleaned

    def bound_data(self, data: str | None, initial: Any) -> Any:
        return data or initial

    def has_changed(self, initial: Any, data: str | None) -> bool:
        return not self.disabled and bool(data)


class ImageUploadForm(forms.ModelForm):
    """A model form whose upload fields accept what ``user`` has uploaded."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ImageUploadFormField):
                field.user = user
