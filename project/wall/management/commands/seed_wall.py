"""`python manage.py seed_wall` hangs twelve painted photos on an empty wall."""

import io
import os
import secrets
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from slipway.web.media import store_image
from slipway.web.media.errors import UploadError
from wall.models import Photo
from wall.scenery import SCENES


class Command(BaseCommand):
    help = (
        "Hangs twelve painted photos on an empty wall. They belong to the first superuser; where there "
        "is none, SEED_USER (demo) is created with SEED_PASSWORD, or with a password that is printed."
    )

    def handle(self, *args, **options):
        if Photo.objects.exists():
            self.stdout.write("The wall has photos already; nothing was added.")
            return
        owner = get_user_model().objects.filter(is_superuser=True).first() or self._create_owner()
        try:
            with transaction.atomic():  # a wall half full would not be filled up by a second run
                self._hang(owner)
        except UploadError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(SCENES)} photos hang on the wall.")

    def _hang(self, owner):
        scenes = SCENES[::-1]  # the wall shows the newest first
        with ThreadPoolExecutor(os.cpu_count()) as painters:
            images = list(painters.map(_store, scenes))
        for scene, image in zip(scenes, images, strict=True):
            Photo.objects.create(title=scene.title, alt=scene.alt, image=image, owner=owner)

    def _create_owner(self):
        name = os.environ.get("SEED_USER", "demo")
        password = os.environ.get("SEED_PASSWORD") or secrets.token_urlsafe(9)
        owner = get_user_model().objects.create_superuser(name, password=password)
        if "SEED_PASSWORD" not in os.environ:
            self.stdout.write(f"Sign in as {name} with {password}")
        return owner


def _store(scene):
    jpeg = io.BytesIO()
    scene.paint().save(jpeg, "JPEG", quality=88)
    return store_image(jpeg.getvalue())
