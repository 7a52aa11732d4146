import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import slipway.web.media.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Photo",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("title", models.CharField(max_length=80)),
                (
                    "alt",
                    models.CharField(
                        "description",
                        max_length=240,
                        help_text="What a person who cannot see the photo should know about it.",
                    ),
                ),
                ("image", slipway.web.media.fields.ImageUploadField()),
                ("created", models.DateTimeField(auto_now_add=True, db_index=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("-created", "-pk")},
        ),
    ]
