"""A photo on the wall."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property

from slipway.web.media.fields import ImageUploadField

# Proportions that the wall can hang without cropping much: a frame's shape is the nearest one.
SHAPES = ((1, 2), (2, 3), (3, 4), (4, 5), (1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (7, 3))


class Photo(models.Model):
    title = models.CharField(max_length=80)
    alt = models.CharField(
        "description",
        max_length=240,
        help_text="What a person who cannot see the photo should know about it.",
    )
    image = ImageUploadField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photos")
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("wall:photo", args=[self.pk])

    @property
    def shape(self):
        """The name of the frame's proportion in parts.css, such as "3-2"."""
        return "{}-{}".format(*self._nearest)

    @property
    def ratio(self):
        """The frame's width over its height."""
        return round(self._nearest[0] / self._nearest[1], 3)

    @cached_property
    def _nearest(self):
        ratio = self.image.width / self.image.height
        return min(SHAPES, key=lambda shape: abs(shape[0] / shape[1] - ratio))
