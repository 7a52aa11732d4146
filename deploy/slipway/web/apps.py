import os

from django.apps import AppConfig

from slipway.web import request_id, sentry


class SlipwayConfig(AppConfig):
    name = "slipway.web"
    label = "slipway"
    verbose_name = "Slipway"

    def ready(self) -> None:
        request_id.install()
        sentry.start(os.environ)
