"""`python manage.py seed_gallery` puts three photos into an empty gallery; they belong to the first superuser."""

import io

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from PIL import Image

from gallery.models import Photo
from slipway.web.media import store_image

TITLES = ("Morning", "Noon", "Evening")


class Command(BaseCommand):
    help = "Put three photos into an empty gallery."

    def handle(self, *args, **options):
        if Photo.objects.exists():
            return
        owner = get_user_model().objects.filter(is_superuser=True).first()
        for number, title in enumerate(TITLES):
            picture = io.BytesIO()
            Image.linear_gradient("L").resize((1200, 800)).rotate(90 * number).convert("RGB").save(picture, "JPEG")
            image = store_image(picture.getvalue())
            Photo.objects.create(title=title, alt=f"{title}: a gradient.", image=image, owner=owner)
