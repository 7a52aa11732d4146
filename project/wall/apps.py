from django.apps import AppConfig


class WallConfig(AppConfig):
    name = "wall"
    label = "wall"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Photo wall"
