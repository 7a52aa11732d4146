from django.conf import settings
from django.db import models
from django.urls import reverse

from slipway.web.media.fields import ImageUploadField


class Photo(models.Model):
    title = models.CharField(max_length=80)
    alt = models.CharField("description", max_length=240)
    image = ImageUploadField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    class Meta:
        ordering = ("-pk",)

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("gallery:photo", args=[self.pk])
