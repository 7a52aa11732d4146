"""Prints which uploads the rows name, a line of JSON each; a restore puts back those that are gone."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from slipway.web.media.rows import named_objects


class Command(BaseCommand):
    """A line is a list: the model's label, the primary key as text, and the keys in the bucket."""

    help = "prints which uploads the rows name, a line of JSON each: model, primary key, keys"

    def handle(self, *args: Any, **options: Any) -> None:
        for model, pk, keys in named_objects():
            self.stdout.write(json.dumps([model._meta.label, str(pk), keys]))
