from django.apps import AppConfig


class SlipwayConfig(AppConfig):
    name = "slipway.web"
    label = "slipway"
    verbose_name = "Slipway"
