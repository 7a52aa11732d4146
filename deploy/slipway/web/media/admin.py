"""The upload widget in Django's admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from slipway.web.media.forms import ImageUploadFormField


class ImageUploadAdmin(admin.ModelAdmin):
    """A ModelAdmin whose ImageUploadFields accept what the signed-in user uploads."""

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, ImageUploadFormField):
            field.user = request.user
        return field
