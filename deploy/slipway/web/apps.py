import os

from django.apps import AppConfig

from slipway.web import request_id, sentry
from slipway.web.database import next_password


class SlipwayConfig(AppConfig):
    name = "slipway.web"
    label = "slipway"
    verbose_name = "Slipway"

    def ready(self) -> None:
        request_id.install()
        sentry.start(os.environ)
        next_password.install(os.environ)
