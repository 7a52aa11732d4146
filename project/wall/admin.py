"""The wall in the admin."""

from django.contrib import admin

from slipway.web.media.admin import ImageUploadAdmin
from wall.models import Photo


@admin.register(Photo)
class PhotoAdmin(ImageUploadAdmin):
    list_display = ("title", "owner", "created")
    list_select_related = ("owner",)
    search_fields = ("title", "alt")
    date_hierarchy = "created"
