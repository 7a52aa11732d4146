from django.contrib import admin

from gallery.models import Photo
from slipway.web.media.admin import ImageUploadAdmin

admin.site.register(Photo, ImageUploadAdmin)
