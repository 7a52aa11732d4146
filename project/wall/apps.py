from django.apps import AppConfig


class WallConfig(AppConfig):
    name = "project.wall"
    label = "wall"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Photo wall"
